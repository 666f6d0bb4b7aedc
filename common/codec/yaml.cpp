#include "common/codec/yaml.hpp"

#include <set>

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace codec {
namespace {

/// Thrown inside this file only: yaml-cpp reports its own mistakes by exceptions too, and both are turned into values below.
struct Mistake {
  YAML::Mark mark;
  std::string what;
};

/// Receives the parser's events; unlike its node tree, they say where every key stands and whether an alias was used.
class YamlBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(at(mark, Yaml::Kind::Null), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { throw Mistake{mark, "aliases are not supported"}; }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool quoted = tag == "!";
    if (!quoted && tag != "?" && !tag.empty()) throw Mistake{mark, "tags are not supported"};
    Yaml node = at(mark, Yaml::Kind::Scalar);
    if (!quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL")) node.kind = Yaml::Kind::Null;
    node.scalar = value;
    node.quoted = quoted;
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Yaml::Kind::List);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Yaml::Kind::Map);
  }
  void OnMapEnd() override { close(); }

  Yaml root;

 private:
  struct Frame {
    Yaml node;
    std::set<std::string, std::less<>> seen;
    std::string key;
    bool has_key = false;
  };

  static Yaml at(const YAML::Mark& mark, Yaml::Kind kind) {
    Yaml node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) throw Mistake{mark, "anchors are not supported"};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Yaml::Kind kind) {
    refuse_anchor(mark, anchor);
    if (tag != "?" && !tag.empty()) throw Mistake{mark, "tags are not supported"};
    if (stack_.size() >= kYamlDepthMax) throw Mistake{mark, fmt::format("nested deeper than {} levels", kYamlDepthMax)};
    if (!stack_.empty() && stack_.back().node.kind == Yaml::Kind::Map && !stack_.back().has_key) {
      throw Mistake{mark, "a key must be a plain text"};
    }
    stack_.push_back({at(mark, kind), {}, {}, false});
  }

  void close() {
    Yaml node = std::move(stack_.back().node);
    stack_.pop_back();
    place(std::move(node));
  }

  void add(Yaml node, const YAML::Mark& mark) {
    if (stack_.empty() || stack_.back().node.kind != Yaml::Kind::Map || stack_.back().has_key) return place(std::move(node));
    Frame& frame = stack_.back();
    if (node.kind != Yaml::Kind::Scalar) throw Mistake{mark, "a key must be a plain text"};
    if (!frame.seen.insert(node.scalar).second) throw Mistake{mark, fmt::format("{}: this key stands twice", node.scalar)};
    frame.key = std::move(node.scalar);
    frame.has_key = true;
  }

  void place(Yaml node) {
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Yaml::Kind::List) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    frame.node.members.push_back({std::move(frame.key), std::move(node)});
    frame.key.clear();
    frame.has_key = false;
  }

  std::vector<Frame> stack_;
};

}  // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

base::Result<std::vector<Yaml>> parse_yaml_documents(std::string_view text, std::string_view file, std::size_t bytes_max) {
  const auto wrong = [&](const YAML::Mark& mark, std::string_view what) {
    const int line = mark.is_null() ? 1 : mark.line + 1;
    const int column = mark.is_null() ? 1 : mark.column + 1;
    return base::fail(base::Code::InvalidArgument, fmt::format("{}:{}:{}: {}", file, line, column, what));
  };
  if (text.size() > bytes_max) return wrong(YAML::Mark::null_mark(), fmt::format("longer than {} bytes", bytes_max));
  try {
    std::istringstream stream{std::string{text}};
    YAML::Parser parser{stream};
    std::vector<Yaml> documents;
    for (YamlBuilder builder; parser.HandleNextDocument(builder); builder = YamlBuilder{}) documents.push_back(std::move(builder.root));
    return documents;
  } catch (const Mistake& mistake) {
    return wrong(mistake.mark, mistake.what);
  } catch (const YAML::Exception& mistake) {
    return wrong(mistake.mark, mistake.msg);
  }
}

base::Result<Yaml> parse_yaml(std::string_view text, std::string_view file) {
  auto documents = parse_yaml_documents(text, file);
  if (!documents) return base::fail(documents.error());
  if (documents->size() > 1)
    return base::fail(base::Code::InvalidArgument, fmt::format("{}:1:1: only one YAML document is expected", file));
  return documents->empty() ? Yaml{} : std::move(documents->front());
}

nlohmann::json to_json(const Yaml& yaml) {
  using nlohmann::json;
  switch (yaml.kind) {
    case Yaml::Kind::Null: return nullptr;
    case Yaml::Kind::Scalar: {
      if (yaml.quoted) return yaml.scalar;
      for (const char* word : {"yes", "Yes", "YES", "on", "On", "ON", "True", "TRUE"}) {
        if (yaml.scalar == word) return true;
      }
      for (const char* word : {"no", "No", "NO", "off", "Off", "OFF", "False", "FALSE"}) {
        if (yaml.scalar == word) return false;
      }
      json value = json::parse(yaml.scalar, nullptr, false);
      return value.is_boolean() || value.is_number() ? value : json(yaml.scalar);
    }
    case Yaml::Kind::List: {
      json list = json::array();
      for (const Yaml& item : yaml.items) list.push_back(to_json(item));
      return list;
    }
    case Yaml::Kind::Map: break;
  }
  json map = json::object();
  for (const auto& [name, value] : yaml.members) map[name] = to_json(value);
  return map;
}

}  // namespace codec
