/** Objects without what a server, a controller or `oc` wrote into them. */
import { annotationsOf, defined, type Fields, fieldsOf, type Manifest, without } from "./manifest";

/** Annotations and labels whose meaning ends with OpenShift, or with the old object; a converter reads them first. */
const foreignAnnotation =
  /(^|\.)openshift\.io\/|^pv\.kubernetes\.io\/|^(kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/revision|deprecated\.daemonset\.template\.generation|volume\.(beta\.)?kubernetes\.io\/storage-provisioner|control-plane\.alpha\.kubernetes\.io\/leader|kubernetes\.io\/(created-by|service-account\.(name|uid)))$/;
const foreignLabel = /(^|\.)openshift\.io\/|^(controller-uid|pod-template-hash|pod-template-generation)$/;

/** The removed keys of annotations, for the report. */
export function removedAnnotations(manifest: Manifest): string[] {
  return Object.keys(annotationsOf(manifest)).filter((key) => foreignAnnotation.test(key));
}

/** Labels that the object carries in the new cluster. */
const keptLabels = (labels: unknown): Fields =>
  Object.fromEntries(Object.entries(fieldsOf(labels)).filter(([key]) => !foreignLabel.test(key)));

/** Name, labels and annotations that go on; `namespace` is the tenant's. */
export function cleanedMetadata(manifest: Manifest, namespace: string): Manifest["metadata"] {
  const labels = keptLabels(manifest.metadata.labels);
  const annotations = without(annotationsOf(manifest), ...removedAnnotations(manifest));
  return {
    name: manifest.metadata.name,
    namespace,
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

/** The object for the tenant's namespace: without status, without what identified it in the old cluster. */
export function cleaned(manifest: Manifest, namespace: string): Manifest {
  const { apiVersion, kind } = manifest;
  const rest = without(manifest, "apiVersion", "kind", "metadata", "status");
  return { apiVersion, kind, metadata: cleanedMetadata(manifest, namespace), ...defined(rest) };
}

/** A pod template without timestamps, and with the annotations and labels that go on. */
export function cleanedTemplateMetadata(metadata: unknown): Fields {
  const { annotations, labels } = fieldsOf(metadata);
  const kept = Object.fromEntries(
    Object.entries(fieldsOf(annotations)).filter(([key]) => !foreignAnnotation.test(key)),
  );
  return {
    ...(Object.keys(fieldsOf(labels)).length > 0 ? { labels: fieldsOf(labels) } : {}),
    ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}),
  };
}
