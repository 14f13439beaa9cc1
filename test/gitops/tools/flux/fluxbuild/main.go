// fluxbuild renders what a Flux Kustomization would apply, with the libraries that kustomize-controller itself uses:
// kustomize build without remote bases, then substitution of variables in strict mode.
//
// Usage: fluxbuild ROOT KUSTOMIZATION. ROOT is the repository (or another source's) folder; KUSTOMIZATION is a file with one
// Flux Kustomization whose spec.path lies under ROOT and whose spec.postBuild.substitute holds every variable: references in
// substituteFrom are not read, since there is no cluster to read them from. Writes one YAML stream to standard output.
// ROOT is changed where a folder has no kustomization.yaml (Flux writes one), so hand it a copy.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: fluxbuild ROOT KUSTOMIZATION"))
	}
	if err := build(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func build(root, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	flux := unstructured.Unstructured{Object: object}
	path, found, err := unstructured.NestedString(object, "spec", "path")
	if err != nil || !found {
		return fmt.Errorf("%s: spec.path is missing", file)
	}
	folder := filepath.Join(root, path)
	if _, err := kustomize.NewGenerator(root, flux).WriteFile(folder); err != nil {
		return err
	}
	resources, err := kustomize.SecureBuild(root, folder, false)
	if err != nil {
		return err
	}
	for _, resource := range resources.Resources() {
		substituted, err := kustomize.SubstituteVariables(context.Background(), nil, flux, resource,
			kustomize.SubstituteWithDryRun(true), kustomize.SubstituteWithStrict(true), kustomize.SubstituteWithAlways(true))
		if err != nil {
			return fmt.Errorf("%s: %w", resource.CurId(), err)
		}
		// nil: the resource asked not to be substituted and stays as it is.
		if substituted != nil {
			resource = substituted
		}
		document, err := resource.AsYAML()
		if err != nil {
			return err
		}
		fmt.Printf("---\n%s", document)
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "fluxbuild:", err)
	os.Exit(1)
}
