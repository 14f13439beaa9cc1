/** Secrets and ConfigMaps: what OpenShift made stays behind, what people typed moves. */
import { cleaned } from "./cleaned";
import { type Conversion, leftOut, remark, task } from "./conversion";
import { annotationsOf, type Fields, fieldsOf, isFields, type Manifest, textOf } from "./manifest";
import { isDockercfg } from "./podTemplate";
import { type Migration, tenantOf } from "./target";

const servingCertificate =
  /^service\.(alpha|beta)\.openshift\.io\/(originating-service-name|serving-cert-secret-name)$/;
const ownConfigMaps = ["kube-root-ca.crt", "openshift-service-ca.crt"];

export function convertSecret(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { name } = manifest.metadata;
  const type = textOf(manifest.type) || "Opaque";
  const annotations = Object.keys(annotationsOf(manifest));
  if (type === "kubernetes.io/service-account-token")
    return leftOut("A token of an account; the new cluster issues its own.");
  if (isDockercfg(name)) return leftOut("Credentials of the old cluster's registry for an account.");
  if (annotations.some((key) => servingCertificate.test(key)))
    return {
      outcome: "decide",
      notes: [
        task(
          "OpenShift signed this certificate for a Service and renewed it; nothing does that here. Use cert-manager with an Issuer of your own.",
        ),
      ],
      objects: [],
    };
  const isOld = type === "kubernetes.io/dockercfg";
  const data = isOld ? dockerConfig(fieldsOf(manifest.data)) : fieldsOf(manifest.data);
  if (data === undefined)
    return { outcome: "decide", notes: [task("Its .dockercfg is no JSON in base64; write it anew.")], objects: [] };
  const secret = cleaned(manifest, tenantOf(migration, project));
  return {
    outcome: isOld ? "converted" : "kept",
    notes: [
      task(
        "It stands in the folder secrets, readable; encrypt it with sops before it goes into Git (docs/tenants.md).",
      ),
      ...(isOld ? [remark("The type kubernetes.io/dockercfg becomes kubernetes.io/dockerconfigjson.")] : []),
    ],
    objects: [
      {
        ...secret,
        ...(isOld ? { type: "kubernetes.io/dockerconfigjson" } : {}),
        ...(manifest.data === undefined ? {} : { data }),
      },
    ],
  };
}

/** The form that replaced `.dockercfg`: the same entries below `auths`. */
function dockerConfig(data: Fields): Fields | undefined {
  try {
    const entries: unknown = JSON.parse(Buffer.from(textOf(data[".dockercfg"]), "base64").toString("utf8"));
    if (!isFields(entries)) return undefined;
    return { ".dockerconfigjson": Buffer.from(JSON.stringify({ auths: entries })).toString("base64") };
  } catch {
    return undefined;
  }
}

export function convertConfigMap(migration: Migration, project: string, manifest: Manifest): Conversion {
  if (ownConfigMaps.includes(manifest.metadata.name)) return leftOut("Every namespace gets it from its cluster.");
  const annotations = annotationsOf(manifest);
  const labels = fieldsOf(manifest.metadata.labels);
  if (labels["config.openshift.io/inject-trusted-cabundle"] === "true")
    return {
      outcome: "decide",
      notes: [task("OpenShift wrote the site's CAs into it; write them yourself.")],
      objects: [],
    };
  if (
    Object.keys(annotations).some(
      (key) =>
        key === "service.beta.openshift.io/inject-cabundle" || key === "service.alpha.openshift.io/inject-cabundle",
    )
  )
    return {
      outcome: "decide",
      notes: [task("OpenShift wrote the CA of its Services into it, which is not there.")],
      objects: [],
    };
  if (annotations["control-plane.alpha.kubernetes.io/leader"] !== undefined)
    return leftOut("A lock of a running program.");
  return { outcome: "kept", notes: [], objects: [cleaned(manifest, tenantOf(migration, project))] };
}
