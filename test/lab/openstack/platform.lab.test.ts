/**
 * Calico as pods on the lab's machines, out of a folder of images and charts (LAB_PLATFORM; `npm run images -- pull`
 * fills one). Not shown here: the cloud controller, Flux and all of gitops/.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../../lab/machines/cluster";
import { echo } from "../machines/pods";
import { describeOnPlatform, platformFolder } from "./platformFixture";
import { onHost, ServersLab } from "./serversFixture";

jest.setTimeout(40 * 60_000);

const print = (line: string) => process.stderr.write(`  ${line}\n`);

interface Pod {
  readonly name: string;
  readonly node: string;
  readonly address: string;
}

/** A pod on every worker of a namespace that answers with its name. */
const echoPods = (namespace: string) => [
  { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "echo", namespace },
    spec: {
      selector: { matchLabels: { app: "echo" } },
      template: {
        metadata: { labels: { app: "echo" } },
        spec: { terminationGracePeriodSeconds: 1, containers: [echo] },
      },
    },
  },
];

const policy = (namespace: string, name: string, spec: object) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name, namespace },
  spec: { podSelector: {}, ...spec },
});

describeOnPlatform("the platform on the lab's machines", () => {
  const size = ["controlPlane.replicas=1", "nodePools.0.count=2"];
  let lab: ServersLab;
  let pods: Record<"left" | "right", readonly Pod[]>;

  const upWell = async () => {
    const { code, output } = await lab.upWithPlatform(platformFolder, "dev", ...size);
    expect({ code, output: code === 0 ? "" : output }).toEqual({ code: 0, output: "" });
    return output;
  };
  const apply = async (...items: object[]) => {
    const file = join(lab.folder, "applied.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await lab.kubectl("apply", "--filename", file);
  };
  const podsOf = async (namespace: string): Promise<Pod[]> => {
    const path =
      '{range .items[*]}{.metadata.name} {.spec.nodeName} {.status.podIP} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
    const lines = (await lab.kubectl("get", "pods", "-n", namespace, "-l", "app=echo", "-o", `jsonpath=${path}`)).split(
      "\n",
    );
    return lines
      .map((line) => line.split(" "))
      .filter((words) => words[3] === "True")
      .map(([name = "", node = "", address = ""]) => ({ name, node, address }));
  };
  /** What a pod gets from a URL within five seconds; empty: nothing. */
  const get = async (namespace: string, pod: Pod, url: string) =>
    (await lab.kubectlAtOnce("exec", "-n", namespace, pod.name, "--", "curl", "-s", "--max-time", "5", url)) ?? "";
  /** Runs a command of the pod's machine in the network of the pod. */
  const inNetworkOf = async (pod: Pod, ...words: string[]) => {
    const host = await lab.machine(pod.node);
    const container = onHost(host, "crictl", "ps", "-q", "--label", `io.kubernetes.pod.name=${pod.name}`);
    const process = onHost(host, "crictl", "inspect", "-o", "go-template", "--template", "{{.info.pid}}", container);
    return onHost(host, "nsenter", "-t", process, "-n", ...words);
  };

  beforeAll(() => {
    lab = new ServersLab();
  });
  afterAll(() => lab.remove());

  it("comes up with `lab:up`, ended by the program's own gate: every node is Ready by Calico", async () => {
    const start = Date.now();
    const output = await upWell();
    print(
      `${/Stack dev is up on the lab after \d+ s/.exec(output)?.[0]}; from no lab at all ${Math.round((Date.now() - start) / 1000)} s`,
    );
    expect(Object.values(await lab.nodes()).map(({ ready }) => ready)).toEqual([true, true, true]);
    await eventually("every part of Calico available", 600, async () => {
      const path = '{range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Available")].status} {end}';
      const parts = (await lab.kubectl("get", "tigerastatus", "-o", `jsonpath=${path}`)).trim().split(" ");
      return (parts.includes("calico=True") && parts.every((part) => part.endsWith("=True"))) || undefined;
    });
  });

  it("carries a packet of the pods' MTU from node to node, and none of one byte more", async () => {
    await apply(...echoPods("left"), ...echoPods("right"));
    pods = await eventually("pods on both workers", 300, async () => {
      const [left, right] = [await podsOf("left"), await podsOf("right")];
      return left.length === 2 && right.length === 2 ? { left, right } : undefined;
    });
    const [from] = pods.left as [Pod];
    const to = pods.right.find(({ node }) => node !== from.node)!;
    const link = await inNetworkOf(from, "ip", "-oneline", "link", "show", "eth0");
    const mtu = Number(/ mtu (\d+)/.exec(link)?.[1]);
    const network = Number(await lab.openstack("network", "show", "dev", "-f", "value", "-c", "mtu"));
    expect(mtu).toBe(network - 50);
    // 20 bytes of IP and 8 of ICMP stand before the data.
    const ping = (bytes: number) =>
      inNetworkOf(from, "ping", "-c", "2", "-W", "2", "-M", "do", "-s", String(bytes - 28), to.address);
    expect(await ping(mtu)).toContain("2 received");
    await inNetworkOf(from, "ip", "link", "set", "eth0", "mtu", String(mtu + 1));
    expect(await ping(mtu + 1)).toContain("0 received");
  });

  it("lets no packet into a namespace that denies them, nor out to a node, until a policy opens it", async () => {
    const [left] = pods.left as [Pod];
    const right = pods.right.find(({ node }) => node !== left.node)!;
    const node = (await lab.nodes())[right.node]!.address;
    const neighbour = () => get("left", left, `http://${right.address}:8080`);
    // kube-proxy's, in the node's network.
    const nodePort = () => get("left", left, `http://${node}:10256/healthz`);
    expect(await neighbour()).toBe(right.name);
    expect(await nodePort()).toContain("lastUpdated");
    await apply(
      policy("right", "deny", { policyTypes: ["Ingress"] }),
      policy("left", "deny", { policyTypes: ["Egress"] }),
    );
    await eventually("nothing gets through", 60, async () => (await neighbour()) === "" || undefined);
    expect(await nodePort()).toBe("");
    const open = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "left" } } };
    const to = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "right" } } };
    await apply(policy("left", "open", { policyTypes: ["Egress"], egress: [{ to: [to] }] }));
    expect(await neighbour()).toBe("");
    await apply(policy("right", "open", { policyTypes: ["Ingress"], ingress: [{ from: [open] }] }));
    await eventually("the neighbour answers", 60, async () => (await neighbour()) === right.name || undefined);
    expect(await nodePort()).toBe("");
  });

  it("is left as it is by an `up` that follows", async () => {
    expect(await upWell()).toMatch(/Resources:\n\s+\d+ unchanged\n/);
  });
});
