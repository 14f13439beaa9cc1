/**
 * What somebody who helps needs to see of a cluster, without secrets, as files. Nothing is changed anywhere. Whatever
 * cannot be asked says so in its own file.
 */
import { inParallel } from "../engine/inParallel";
import { messageOf } from "../engine/messageOf";
import { documentOf, listAll } from "../kubernetes/answers";
import type { KubernetesRequest } from "../kubernetes/client";
import { isReady, listNodes } from "../kubernetes/nodes";
import type { OpenstackApi } from "../openstack/client";
import { detailed, listResources } from "../openstack/resources";
import { createdTypes, serverQuery } from "../openstack/resourceTypes";
import { withinLimit } from "../status/askParts";
import { machinesByPool } from "../status/nodeStatus";
import type { LastUp } from "../status/stackOutputs";
import { objectWithoutSecrets, withoutSecrets } from "./withoutSecrets";

interface BundleSources {
  /** Texts and objects of this computer: the status, the stack file, versions. By file name; each may reject. */
  readonly own: Readonly<Record<string, () => Promise<unknown>>>;
  /** Each rejects with a sentence where it cannot be had. */
  readonly outputs: () => Promise<LastUp>;
  readonly request: () => Promise<KubernetesRequest>;
  readonly cloud: () => Promise<OpenstackApi>;
  /** Secrets that this computer knows. */
  readonly known: readonly string[];
  readonly write: (file: string, content: string) => void;
  readonly tell: (message: string) => void;
}

/** Milliseconds that a question may take. */
const usualLimit = 30_000;
/** Lines of a console and of a log. */
const consoleLines = 2_000;
const logLines = 1_000;
/** Machines whose logs are taken: the control plane, then nodes that are not Ready, then others. */
const mostMachines = 20;
const mostPods = 200;

/** Paths of the API by file. Secrets and ConfigMaps are not among them: they may hold anything. */
const listings: Readonly<Record<string, string>> = {
  events: "/api/v1/events",
  nodes: "/api/v1/nodes",
  pods: "/api/v1/pods",
  namespaces: "/api/v1/namespaces",
  services: "/api/v1/services",
  persistentvolumes: "/api/v1/persistentvolumes",
  persistentvolumeclaims: "/api/v1/persistentvolumeclaims",
  resourcequotas: "/api/v1/resourcequotas",
  deployments: "/apis/apps/v1/deployments",
  daemonsets: "/apis/apps/v1/daemonsets",
  statefulsets: "/apis/apps/v1/statefulsets",
  poddisruptionbudgets: "/apis/policy/v1/poddisruptionbudgets",
  volumeattachments: "/apis/storage.k8s.io/v1/volumeattachments",
  leases: "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases",
  certificatesigningrequests: "/apis/certificates.k8s.io/v1/certificatesigningrequests",
  apiservices: "/apis/apiregistration.k8s.io/v1/apiservices",
  webhooks: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
  gitrepositories: "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
  kustomizations: "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
  helmreleases: "/apis/helm.toolkit.fluxcd.io/v2/helmreleases",
};

interface Question {
  readonly file: string;
  readonly ask: () => Promise<unknown>;
}

interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
}

/** Never rejects for what cannot be asked. `limit`: milliseconds that each question may take. */
export async function gatherBundle(sources: BundleSources, limit = usualLimit): Promise<void> {
  const { own, outputs, request, cloud, known, write, tell } = sources;
  let [asked, silent] = [0, 0];
  const answer = async ({ file, ask }: Question): Promise<void> => {
    asked++;
    try {
      const found = await withinLimit(limit, ask());
      const isText = typeof found === "string";
      write(
        file,
        isText ? withoutSecrets(found, known) : `${JSON.stringify(objectWithoutSecrets(found, known), null, 1)}\n`,
      );
    } catch (error) {
      silent++;
      write(file, `${withoutSecrets(`could not be asked: ${messageOf(error)}`, known)}\n`);
    }
  };
  const questions: Question[] = [
    ...Object.entries(own).map(([file, ask]) => ({ file, ask })),
    { file: "outputs.json", ask: async () => ({ ...(await outputs()), adminKubeconfig: undefined }) },
    { file: "openstack/servers.json", ask: async () => servers(await cloud(), (await outputs()).clusterName) },
    {
      file: "kubernetes/version.json",
      ask: async () => documentOf("its version", await (await request())("GET", "/version")),
    },
    { file: "kubernetes/readyz.txt", ask: async () => (await (await request())("GET", "/readyz?verbose")).body },
    ...Object.entries(listings).map(([name, path]) => ({
      file: `kubernetes/${name}.json`,
      ask: async () => listAll(`a listing of ${name}`, path, await request()),
    })),
  ];
  await inParallel(questions, answer);
  tell(`${asked} questions were asked; now consoles and logs`);
  const logs = await Promise.all([
    withinLimit(limit, consoleQuestions(sources)).catch(() => []),
    withinLimit(limit, machineLogs(sources)).catch(() => []),
    withinLimit(limit, podLogs(sources)).catch(() => []),
  ]);
  await inParallel(logs.flat(), answer);
  tell(`${asked} questions were asked, of which ${silent} were not answered; each file says why.`);
}

interface Server {
  readonly id: string;
  readonly name: string;
}

const servers = (api: OpenstackApi, clusterName: string): Promise<Server[]> =>
  listResources<Server>(api, detailed(createdTypes.server), serverQuery(clusterName));

async function consoleQuestions({ outputs, cloud }: BundleSources): Promise<Question[]> {
  const api = await cloud();
  const found = await servers(api, (await outputs()).clusterName);
  // OpenStack lets two servers have one name, with any sign in it.
  const isTwin = (name: string) => found.filter((other) => other.name === name).length > 1;
  return found.map(({ id, name }) => ({
    file: `consoles/${name.replace(/[^\w.-]/g, "-")}${isTwin(name) ? `-${id}` : ""}.log`,
    ask: () => api.consoleOutput(id, consoleLines),
  }));
}

/** What the kubelet shows of the files in /var/log, and of the journal where it does so (its feature NodeLogQuery). */
async function machineLogs({ outputs, request }: BundleSources): Promise<Question[]> {
  const ask = await request();
  const controlPlane = new Set(machinesByPool(await outputs()).get("control-plane"));
  const nodes = await listNodes(ask);
  const rank = (node: (typeof nodes)[number]) => (controlPlane.has(node.metadata.name) ? 0 : isReady(node) ? 2 : 1);
  const chosen = [...nodes].sort((a, b) => rank(a) - rank(b)).slice(0, mostMachines);
  return chosen.flatMap(({ metadata: { name } }) => {
    const logs = `/api/v1/nodes/${name}/proxy/logs`;
    const files = {
      bootstrap: `${logs}/openstack-kubernetes.log`,
      "journal-kubelet": `${logs}/?query=kubelet&tailLines=${logLines}`,
      "journal-containerd": `${logs}/?query=containerd&tailLines=${logLines}`,
    };
    return Object.entries(files).map(([file, path]) => ({
      file: `logs/${name}/${file}.log`,
      ask: async () => textOf(await ask("GET", path)),
    }));
  });
}

/** Of the pods in the cluster's own namespaces; tenants' are none of the helper's business. */
async function podLogs({ request }: BundleSources): Promise<Question[]> {
  const ask = await request();
  const own = ["kube-system", "flux-system", "tigera-operator", "calico-system", "monitoring"];
  const pods = await Promise.all(
    own.map((namespace) => listAll<Pod>("a listing of pods", `/api/v1/namespaces/${namespace}/pods`, ask)),
  );
  return pods
    .flat()
    .slice(0, mostPods)
    .flatMap(({ metadata: { name, namespace }, spec }) =>
      (spec?.containers ?? []).map((container) => ({
        file: `logs/pods/${namespace}/${name}/${container.name}.log`,
        ask: async () => {
          const query = `container=${container.name}&tailLines=${logLines}&timestamps=true`;
          return textOf(await ask("GET", `/api/v1/namespaces/${namespace}/pods/${name}/log?${query}`));
        },
      })),
    );
}

function textOf({ status, body }: { readonly status: number; readonly body: string }): string {
  if (status < 200 || status > 299) throw new Error(`HTTP ${status}: ${body.slice(0, 300)}`);
  return body;
}
