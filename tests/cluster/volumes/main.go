// Command volumes keeps a pool of local PersistentVolumes for the StorageClasses of the test cluster.
//
// The volumes are of type "local", because the kubelet applies fsGroup to them (it does not to hostPath), which is what lets
// a database run as a non-root user in a "restricted" namespace. Such volumes have no provisioner: they must exist before
// they are claimed. This program makes the objects and, with -dir, the directories; and when a claim is deleted it does what
// a cloud's "Delete" reclaim policy does: it wipes the data and offers the volume again, so that the pool never runs dry.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const poolLabel = "paymentplatform.io/test-volume-pool"

type pool struct {
	client kubernetes.Interface
	node   string
	root   string // where the kubelet finds the directories
	make   bool   // whether this machine has them (a simulated node has none)
	size   resource.Quantity
}

// volume is one PersistentVolume of the pool, bound to our only node.
func (p *pool) volume(class, name string) *corev1.PersistentVolume {
	filesystem := corev1.PersistentVolumeFilesystem
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{poolLabel: class}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: p.size},
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: class,
			VolumeMode:       &filesystem,
			// The data's end is our job (see recycle): there is no deleter for local volumes in Kubernetes itself.
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: filepath.Join(p.root, name)}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpIn, Values: []string{p.node}}},
			}}}},
		},
	}
}

func (p *pool) create(ctx context.Context, class, name string) error {
	if err := p.freshDirectory(name); err != nil {
		return err
	}
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, p.volume(class, name), metav1.CreateOptions{})
	if errors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (p *pool) freshDirectory(name string) error {
	if !p.make {
		return nil
	}
	dir := filepath.Join(p.root, name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Mkdir(dir, 0o755)
}

// recycle offers a released volume again, empty and under a new uid, so that nobody mistakes it for the old one.
func (p *pool) recycle(pv *corev1.PersistentVolume) {
	if pv.Labels[poolLabel] == "" || pv.Status.Phase != corev1.VolumeReleased || pv.DeletionTimestamp != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	uid := pv.UID
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, pv.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !errors.IsNotFound(err) {
		log.Printf("volume %s is not released yet, tried again on its next change: %v", pv.Name, err)
	}
}

// recreate runs once a volume's object is really gone.
func (p *pool) recreate(pv *corev1.PersistentVolume) {
	class := pv.Labels[poolLabel]
	if class == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.create(ctx, class, pv.Name); err != nil {
		log.Printf("volume %s could not be offered again: %v", pv.Name, err)
		return
	}
	log.Printf("volume %s wiped and offered again", pv.Name)
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig of an administrator")
	node := flag.String("node", "", "name of the node that has the volumes")
	classes := flag.String("classes", "standard,fast-ssd", "StorageClasses that get a pool each")
	count := flag.Int("count", 12, "volumes in each pool")
	size := flag.String("size", "20Gi", "nominal capacity of each volume; no quota enforces it")
	dir := flag.String("dir", "/nowhere", "directory of the volumes, as the kubelet sees it")
	simulated := flag.Bool("simulated", false, "the node is simulated: make no directories")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	p := &pool{client: kubernetes.NewForConfigOrDie(config), node: *node, root: *dir, make: !*simulated, size: resource.MustParse(*size)}
	for _, class := range strings.Split(*classes, ",") {
		for i := range *count {
			if err := p.create(context.Background(), class, fmt.Sprintf("%s-%02d", class, i)); err != nil {
				log.Fatal(err)
			}
		}
	}
	log.Printf("pools are ready: %d volumes of %s in each of %s", *count, *size, *classes)

	factory := informers.NewSharedInformerFactory(p.client, 30*time.Second)
	_, err = factory.Core().V1().PersistentVolumes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { p.recycle(o.(*corev1.PersistentVolume)) },
		UpdateFunc: func(_, o any) { p.recycle(o.(*corev1.PersistentVolume)) },
		DeleteFunc: func(o any) {
			if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = gone.Obj
			}
			p.recreate(o.(*corev1.PersistentVolume))
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	factory.Start(context.Background().Done())
	select {}
}
