/** Puts the questions to everybody at once, and the answers in order. */
import { kubernetesApi } from "../kubernetes/client";
import { listNodes } from "../kubernetes/nodes";
import { readAdminKubeconfig } from "../pki/kubeconfig";
import type { OpenstackApi } from "../openstack/client";
import { askAlerts, judgeAlerts } from "./alertStatus";
import { askApi } from "./apiStatus";
import { askBackups, judgeBackups } from "./backupStatus";
import { askParts, type StatusPart } from "./askParts";
import { judgeCertificates } from "./certificateStatus";
import { judgeControlPlane, listStaticPods } from "./controlPlaneStatus";
import { driftPart, type FileFacts, judgeNodeDrift, judgeStackFile } from "./driftStatus";
import { askEtcd, judgeEtcd } from "./etcdStatus";
import { askFlux, askTenants, judgeFlux } from "./fluxStatus";
import { judgeNodes, machinesByPool } from "./nodeStatus";
import { askNetworkQuota, askServerQuota, askServers, askVolumeQuota, judgeServers } from "./openstackStatus";
import type { LastUp } from "./stackOutputs";
import { type Health, healthOf, type StatusLine } from "./statusLine";
import { askQuotas, judgeTenants } from "./tenantStatus";

export interface StatusSources {
  readonly stack: string;
  /** Throws a sentence where the stack file is wrong. */
  readonly readFile: () => FileFacts;
  /** Rejects with a sentence. */
  readonly readOutputs: () => Promise<LastUp>;
  /** Rejects with a sentence where nobody can log in to OpenStack. @param allowed The stack file's `allowPlainHttp`. */
  readonly logIn: (allowed: readonly string[]) => Promise<OpenstackApi>;
}

/** What `--json` prints. */
export interface Status {
  readonly stack: string;
  /** When it was asked, RFC 3339. */
  readonly asked: string;
  readonly health: Health;
  readonly lines: readonly StatusLine[];
}

/** Milliseconds that every part may take, what it waits for included. The promise is 15 s for the whole command. */
const usualLimit = 8_000;

/** Never rejects: what could not be asked is a line. `limit`: milliseconds that every part may take. */
export async function askStatus(sources: StatusSources, limit = usualLimit): Promise<Status> {
  const now = new Date();
  const lines = await askParts(partsOf(sources, now), limit);
  return { stack: sources.stack, asked: now.toISOString(), health: healthOf(lines), lines };
}

function partsOf({ readFile, readOutputs, logIn }: StatusSources, now: Date): StatusPart[] {
  const file = shared(async () => Promise.resolve(readFile()));
  const stack = shared(readOutputs);
  const outputs = shared(async () =>
    stack.catch(() => {
      throw new Error("the outputs of the stack are unknown");
    }),
  );
  const access = shared(async () => readAdminKubeconfig((await outputs).adminKubeconfig));
  const request = shared(async () => kubernetesApi(await access));
  const nodes = shared(async () => listNodes(await request));
  const cloud = shared(async () => logIn(await file.then(({ config }) => config.allowPlainHttp).catch(() => [])));
  /** Whether the stack has Flux and what it brings; undefined where the file does not say. */
  const wantsFlux = async () => file.then(({ config }) => config.flux !== undefined).catch(() => undefined);
  const backupInterval = async () =>
    file.then(({ config }) => config.kubernetes.etcd.backup?.intervalHours).catch(() => undefined);
  const controlPlane = async () => machinesByPool(await outputs).get(controlPlanePool) ?? [];
  const noFile = "correct the stack file: `npm run preview` names its mistakes";
  const noCloud =
    "check the log-in (docs/how-to/log-in-to-openstack.md), and whether the service is up (docs/runbooks/openstack-away.md)";
  return [
    {
      name: "stack",
      ask: async () => stack.then(() => []),
      remedy: "set PULUMI_BACKEND_URL and the passphrase as for `pulumi up` (docs/state.md)",
    },
    {
      name: "API",
      needs: access,
      ask: async () => askApi(await request, await access),
      silence: "bad",
      remedy: "docs/runbooks/endpoint-down.md",
    },
    {
      name: "etcd",
      ask: async () => judgeEtcd(await askEtcd(await request, await controlPlane())),
      remedy: "docs/runbooks/alerts/EtcdMemberDown.md",
    },
    {
      name: "backups",
      ask: async () => judgeBackups(await askBackups(await request), await backupInterval(), now),
      remedy: "see API",
    },
    {
      name: "control plane",
      ask: async () => judgeControlPlane(await controlPlane(), await listStaticPods(await request)),
      remedy: "see API",
    },
    {
      name: "nodes",
      ask: async () => judgeNodes(await outputs, await nodes, now),
      remedy: "see API",
    },
    {
      name: "certificates",
      ask: async () => judgeCertificates((await outputs).certificateExpiry, now),
      remedy: "see stack",
    },
    {
      name: "Flux",
      ask: async () => {
        const [facts, tenants] = await Promise.all([askFlux(await request), askTenants(await request)]);
        return judgeFlux(facts, tenants, await wantsFlux());
      },
      remedy: "see API",
    },
    {
      name: "alerts",
      ask: async () => judgeAlerts(await askAlerts(await access, await request), await wantsFlux(), now),
      remedy: "see API, or docs/monitoring.md",
    },
    {
      name: "tenants",
      ask: async () => judgeTenants(await askQuotas(await request)),
      remedy: "see API",
    },
    {
      name: "servers",
      ask: async () => {
        const { clusterName, nodes: made } = await outputs;
        return judgeServers(
          made.map(({ name }) => name),
          await askServers(await cloud, clusterName),
        );
      },
      remedy: noCloud,
    },
    { name: "Nova quota", ask: async () => askServerQuota(await cloud), remedy: noCloud },
    { name: "Cinder quota", ask: async () => askVolumeQuota(await cloud), remedy: noCloud },
    { name: "Neutron quota", ask: async () => askNetworkQuota(await cloud), remedy: noCloud },
    {
      name: driftPart,
      ask: async () => judgeStackFile(await file, await outputs),
      remedy: noFile,
    },
    {
      name: driftPart,
      ask: async () => judgeNodeDrift(await file, await outputs, await nodes),
      remedy: `see API, or ${noFile}`,
    },
  ];
}

const controlPlanePool = "control-plane";

/** What several parts wait for: each of them shows its failure. */
function shared<T>(make: () => Promise<T>): Promise<T> {
  const result = make();
  result.catch(() => undefined);
  return result;
}
