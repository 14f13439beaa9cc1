/** Flux as its operator installs it, and the Secrets it reads: pure documents. */
import { noProxyEntries } from "../bootstrap/proxyEnvironment";
import type { ClusterConfig } from "../config/clusterConfig";
import { pgpPublicKeys } from "../config/pgpKeys";
import { chartSources } from "./clusterSettings";
import { onControlPlane } from "./placement";

export type FluxConfig = NonNullable<ClusterConfig["flux"]>;

export const fluxNamespace = "flux-system";
/** Source and Kustomization of the cluster, named for their namespace as Flux's own bootstrap does. */
export const syncName = "flux-system";
export const gitSecretName = "flux-git";
export const sopsSecretName = "sops-age";
export const proxySecretName = "flux-proxy";
export const signersSecretName = "flux-signers";
export const caSecretName = "flux-cas";

/** Of the source-controller. */
const caFolder = "/etc/site-cas";

/**
 * Newest Flux in the pinned flux-operator (config/data/flux of its repository); 2.9 supports Kubernetes 1.34 to 1.36.
 */
export const fluxVersion = "2.9.5";

/**
 * The operator's web page stays off: Headlamp and the CLI show the same. Its ResourceSets act as a tenant's own service
 * account.
 */
export const fluxOperatorValues = {
  web: { enabled: false },
  multitenancy: { enabled: true, defaultServiceAccount: "default" },
  // ResourceSets are the platform's: their input providers ask any address that one names.
  rbac: { createAggregation: false },
  ...onControlPlane,
} as const;

/**
 * Spec of the FluxInstance. `multitenant` sets what a tenant must not get around: --no-cross-namespace-refs,
 * --no-remote-bases and
 * --default-service-account=default; the cluster's own Kustomization then runs as kustomize-controller, by name.
 */
export function renderFluxInstance(config: ClusterConfig, flux: FluxConfig): object {
  return {
    distribution: { version: fluxVersion, registry: "ghcr.io/fluxcd" },
    components: ["source-controller", "kustomize-controller", "helm-controller", "notification-controller"],
    cluster: {
      type: "kubernetes",
      domain: config.kubernetes.dnsDomain,
      multitenant: true,
      tenantDefaultServiceAccount: "default",
      networkPolicy: true,
    },
    sync: {
      name: syncName,
      kind: "GitRepository",
      url: flux.url,
      ref: `refs/heads/${flux.branch}`,
      path: flux.path ?? `gitops/clusters/${config.stack}`,
      interval: "1m",
      ...(gitSecret(config) === undefined ? {} : { pullSecret: gitSecretName }),
    },
    kustomize: { patches: patches(config) },
  };
}

/** What the operator has no field for. JSON patches, as the texts that FluxInstance wants (JSON is YAML). */
function patches(config: ClusterConfig): object[] {
  const { kubernetes, proxy, flux } = config;
  const container = "/spec/template/spec/containers/0";
  const add = (path: string, value: unknown) => ({ op: "add", path: `${container}${path}`, value });
  const variable = (name: string, value: string) => add("/env/-", { name, value });
  const inCluster = [
    kubernetes.serviceCidr,
    ".svc",
    `.svc.${kubernetes.dnsDomain}`,
    `.svc.${kubernetes.dnsDomain}.`,
  ].join(",");
  return [
    // Whoever is root on their machine is the cluster's administrator.
    {
      target: { kind: "Deployment" },
      patch: JSON.stringify(
        Object.entries(onControlPlane).map(([name, value]) => ({
          op: "add",
          path: `/spec/template/spec/${name}`,
          value,
        })),
      ),
    },
    // It gives whoever may edit a namespace all of Flux's kinds; gitops/infrastructure/guards gives what tenants may
    // have. The operator puts the namespace behind the name.
    {
      target: { kind: "ClusterRole", name: `flux-edit(-${fluxNamespace})?` },
      patch: JSON.stringify({
        $patch: "delete",
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "flux-edit" },
      }),
    },
    {
      target: { kind: "Deployment", name: "kustomize-controller" },
      patch: JSON.stringify([
        // A setting that is missing is an error, never an empty text. A commit ends the wait for the health of what the
        // one before brought: a fix would otherwise wait as long as the broken part's timeout.
        add("/args/-", "--feature-gates=StrictPostBuildSubstitutions=true,CancelHealthCheckOnNewRevision=true"),
        // A Kustomization that waits for its Helm releases holds a worker, for minutes when a chart is broken. The
        // operator's default is fewer than gitops/ has of those, and tenants would wait with them.
        add("/args/-", "--concurrent=20"),
        // Kustomize still fetches single files and Git bases by URL, which --no-remote-bases lets pass: nobody serves
        // port 9, and what the controller needs is in the cluster (docs/gitops.md).
        variable("HTTP_PROXY", "http://127.0.0.1:9"),
        variable("HTTPS_PROXY", "http://127.0.0.1:9"),
        variable("NO_PROXY", inCluster),
      ]),
    },
    // HEAD: the commit itself, whatever tags point at it.
    ...(flux === undefined || flux.commitSigners.length === 0
      ? []
      : [
          {
            target: { kind: "GitRepository", name: syncName },
            patch: JSON.stringify([
              { op: "add", path: "/spec/verify", value: { mode: "HEAD", secretRef: { name: signersSecretName } } },
            ]),
          },
        ]),
    // The site's registry of charts may have a certificate of the site's CA. Go reads such a folder beside the file of
    // the system's own.
    ...(caSecret(config) === undefined
      ? []
      : [
          {
            target: { kind: "Deployment", name: "source-controller" },
            patch: JSON.stringify([
              {
                op: "add",
                path: "/spec/template/spec/volumes/-",
                value: { name: "cas", secret: { secretName: caSecretName } },
              },
              add("/volumeMounts/-", { name: "cas", mountPath: caFolder, readOnly: true }),
              variable("SSL_CERT_DIR", caFolder),
            ]),
          },
        ]),
    // By reference, because the proxy's URL may hold a password and a FluxInstance is no Secret. These two reach Git,
    // charts and chat.
    ...(proxy === undefined
      ? []
      : [
          {
            target: { kind: "Deployment", name: "(source-controller|notification-controller)" },
            patch: JSON.stringify([add("/envFrom", [{ secretRef: { name: proxySecretName } }])]),
          },
        ]),
  ];
}

/**
 * Entries of the Secret that lets Flux read the repository, as its GitRepository wants them; undefined where it needs
 * none.
 */
export function gitSecret({
  flux,
  credentials,
  extraCas,
}: Pick<ClusterConfig, "flux" | "credentials" | "extraCas">): Record<string, string> | undefined {
  if (flux === undefined) return undefined;
  const { username, password, privateKey, knownHosts } = credentials?.git ?? {};
  if (privateKey !== undefined)
    return { identity: `${privateKey.trim()}\n`, known_hosts: `${(knownHosts ?? "").trim()}\n` };
  const entries = {
    ...(password === undefined ? {} : { username: username ?? "git", password: password.trim() }),
    // A GitLab of one's own usually has a CA of one's own.
    ...(extraCas.length === 0 || !flux.url.startsWith("https:")
      ? {}
      : { "ca.crt": extraCas.map((ca) => `${ca.trim()}\n`).join("") }),
  };
  return Object.keys(entries).length === 0 ? undefined : entries;
}

/**
 * Entries of the Secret with the keys that may sign commits; undefined where every commit is taken. Flux tells the
 * kinds of keys by the names' endings.
 */
export function signersSecret({ flux }: Pick<ClusterConfig, "flux">): Record<string, string> | undefined {
  if (flux === undefined || flux.commitSigners.length === 0) return undefined;
  return Object.fromEntries(
    flux.commitSigners.map((key, index) => {
      const [block] = pgpPublicKeys(key) ?? [];
      return block === undefined ? [`signer-${index + 1}.sshpub`, `${key}\n`] : [`signer-${index + 1}.asc`, block];
    }),
  );
}

/** Entry of the Secret with the CAs of a site that charts come from; undefined where there are none. */
export function caSecret(config: ClusterConfig): Record<string, string> | undefined {
  if (config.extraCas.length === 0 || Object.keys(chartSources(config)).length === 0) return undefined;
  return { "site.crt": config.extraCas.map((ca) => `${ca.trim()}\n`).join("") };
}

/** Entry of the Secret that decrypts the Secrets in Git; the name's ending tells Flux that it is an age key. */
export function sopsSecret({ credentials }: Pick<ClusterConfig, "credentials">): Record<string, string> | undefined {
  return credentials?.sopsAgeKey === undefined ? undefined : { "age.agekey": `${credentials.sopsAgeKey.trim()}\n` };
}

/** Environment of Flux's controllers behind a proxy; undefined without one. */
export function proxySecret(config: ClusterConfig, apiServerHost: string): Record<string, string> | undefined {
  if (config.proxy === undefined) return undefined;
  const { httpProxy, httpsProxy = httpProxy } = config.proxy;
  return { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxyEntries(config, apiServerHost).join(",") };
}
