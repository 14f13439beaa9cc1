/**
 * An endpoint with a floating IP, and the end of a cluster in whose network Kubernetes made things of its own: what
 * keeps OpenStack from giving the network up, and that `npm run sweep` removes it. The names, descriptions and metadata
 * are those that the cloud controller manager and Cinder CSI write.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describeOnLab, EngineStack } from "../realEngine/engineStack";
import { type Item, Openstack } from "../realEngine/openstack";

jest.setTimeout(20 * 60_000);

describeOnLab("a cluster that Kubernetes has used", () => {
  const stack = new EngineStack("swept", [
    { path: ["clusterName"], value: "swept" },
    { path: ["controlPlane"], value: { replicas: 1, flavor: "m1.medium" } },
    { path: ["nodePools"], value: [{ name: "general", count: 1, flavor: "m1.medium" }] },
    {
      path: ["apiEndpoint"],
      value: { kind: "loadBalancer", floatingIp: true, allowedCidrs: ["198.51.100.0/24", "192.0.2.7/32"] },
    },
  ]);
  let openstack: Openstack;
  let before: string[];
  /** Ids of the volume and the snapshot that stand for a claim's. */
  const made = { volume: "", snapshot: "" };

  const everything = async () => (await openstack.everything()).map(({ name, id }) => `${name} ${id}`).sort();
  const until = async (what: string, holds: () => Promise<boolean>) => {
    const end = Date.now() + 8 * 60_000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`8 minutes went by without: ${what}`);
      await sleep(2_000);
    }
  };
  const create = async (service: string, path: string, kind: string, body: object) =>
    (await openstack.call<Record<string, Item>>(service, path, "POST", { [kind]: body }))[kind]!;

  beforeAll(async () => {
    openstack = await Openstack.connect();
    await stack.removeLeftovers();
    before = await everything();
    await stack.up();
  });
  afterAll(async () => {
    await stack.sweep("--yes", "--volumes");
    await stack.removeLeftovers();
  });

  it("has a load balancer whose floating IP leads to it, and whose listener lets in the allowed networks and its own", async () => {
    const { loadBalancers, floatingIps } = await openstack.inventory();
    const balancer = loadBalancers.find(({ name }) => name === "swept-api")!;
    const leading = floatingIps.filter(({ port_id: to }) => to === balancer.vip_port_id);
    expect(leading.map(({ floating_ip_address: address }) => `https://${String(address)}:6443`)).toEqual([
      (await stack.outputs()).apiEndpoint,
    ]);
    const { listeners } = await openstack.call<{ listeners: Item[] }>(
      "load-balancer",
      `/v2/lbaas/listeners?loadbalancer_id=${balancer.id}`,
    );
    expect(
      listeners.map(({ protocol_port: port, allowed_cidrs: cidrs }) => [port, (cidrs as string[]).sort()]),
    ).toEqual([[6443, ["10.20.0.0/22", "192.0.2.7/32", "198.51.100.0/24"]]]);
  });

  it("is swept only when somebody says yes", async () => {
    await makeWhatKubernetesMakes();
    const standing = await everything();
    const { code, stdout } = await stack.sweep("--volumes");
    expect(code).toBe(3);
    expect(stdout.split("\n").filter((line) => line.startsWith("  "))).toEqual([
      expect.stringMatching(/^ {2}floating IP 203\.0\.113\.\d+: it goes back to the pool/) as string,
      "  load balancer kube_service_swept_shop_web: Service shop/web is not reached through it any more",
      "  security group lb-sg-0a1b-shop-web: taken off 1 port, which it let a load balancer's traffic in to",
      expect.stringMatching(/^ {2}port reserved \(10\.20\.\d+\.\d+\): no machine has it/) as string,
      "  snapshot snapshot-0a1b (1 GiB): its data is gone for good",
      "  volume pvc-0a1b (1 GiB of claim shop/data): its data is gone for good",
    ]);
    expect(await everything()).toEqual(standing);
  });

  it("cannot be destroyed while a load balancer of Kubernetes stands in its subnet, and goes on by itself once that is swept", async () => {
    let ended = false;
    const destroyed = stack.destroy().finally(() => (ended = true));
    destroyed.catch(() => undefined); // Told below.
    await until("the machines and the API's load balancer gone", async () => {
      const { servers, loadBalancers } = await openstack.inventory();
      return ended || ![...servers, ...loadBalancers].some(({ name }) => String(name).startsWith("swept-"));
    });
    const [subnet] = (await openstack.inventory()).subnets.filter(({ name }) => name === "swept");
    await expect(openstack.call("network", `/v2.0/subnets/${subnet!.id}`, "DELETE")).rejects.toThrow("409");
    expect(ended).toBe(false);

    const { code, stdout } = await stack.sweep("--yes");
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("volume pvc-0a1b (1 GiB of claim shop/data) stays: it holds data") as string,
    ]);
    await destroyed;
    expect(await everything()).toEqual([...before, `pvc-0a1b ${made.volume}`].sort());
  });

  it("gives up its volumes, after the cluster is gone, only when told to", async () => {
    expect((await stack.sweep("--yes")).code).toBe(0);
    expect(await everything()).toContain(`pvc-0a1b ${made.volume}`);
    expect((await stack.sweep("--yes", "--volumes")).code).toBe(0);
    expect(await everything()).toEqual(before);
    expect(
      (await openstack.call<{ snapshots: Item[] }>("volumev3", "/snapshots")).snapshots.filter(
        ({ id }) => id === made.snapshot,
      ),
    ).toEqual([]);
  });

  /** What a Service of type LoadBalancer, a volume claim, its snapshot and a reserved address leave in OpenStack. */
  async function makeWhatKubernetesMakes(): Promise<void> {
    const { subnets, networks, ports, servers } = await openstack.inventory();
    const subnet = subnets.find(({ name }) => name === "swept")!.id;
    const outside = await openstack.call<{ networks: Item[] }>("network", "/v2.0/networks?router:external=true");

    const name = "kube_service_swept_shop_web";
    const balancer = await create("load-balancer", "/v2/lbaas/loadbalancers", "loadbalancer", {
      name,
      description: "Kubernetes external service shop/web from cluster swept",
      vip_subnet_id: subnet,
      tags: [name],
    });
    const active = () =>
      until("the load balancer of the Service active", async () => {
        const { loadbalancer } = await openstack.call<{ loadbalancer: Item }>(
          "load-balancer",
          `/v2/lbaas/loadbalancers/${balancer.id}`,
        );
        return loadbalancer.provisioning_status === "ACTIVE";
      });
    await active();
    await create("load-balancer", "/v2/lbaas/listeners", "listener", {
      name: `listener_0_${name}`,
      loadbalancer_id: balancer.id,
      protocol: "TCP",
      protocol_port: 80,
    });
    await active();
    await create("network", "/v2.0/floatingips", "floatingip", {
      floating_network_id: outside.networks[0]!.id,
      port_id: balancer.vip_port_id,
      description: "Floating IP for Kubernetes external service shop/web from cluster swept",
    });

    const group = await create("network", "/v2.0/security-groups", "security_group", {
      name: "lb-sg-0a1b-shop-web",
      description: "Security Group for shop/web Service LoadBalancer in cluster swept",
    });
    const worker = servers.find(({ name: server }) => server === "swept-general-0")!.id;
    const port = ports.find(({ device_id: device }) => device === worker)!;
    await openstack.call("network", `/v2.0/ports/${port.id}`, "PUT", {
      port: { security_groups: [...(port.security_groups as string[]), group.id] },
    });
    const network = networks.find(({ name: known }) => known === "swept")!.id;
    await create("network", "/v2.0/ports", "port", { name: "reserved", network_id: network });

    const csi = { "cinder.csi.openstack.org/cluster": "swept" };
    const claim = { "csi.storage.k8s.io/pvc/namespace": "shop", "csi.storage.k8s.io/pvc/name": "data" };
    made.volume = (
      await create("volumev3", "/volumes", "volume", { name: "pvc-0a1b", size: 1, metadata: { ...csi, ...claim } })
    ).id;
    const available = async (path: string, kind: string) =>
      (await openstack.call<Record<string, Item>>("volumev3", path))[kind]?.status === "available";
    await until("the volume available", () => available(`/volumes/${made.volume}`, "volume"));
    made.snapshot = (
      await create("volumev3", "/snapshots", "snapshot", {
        name: "snapshot-0a1b",
        volume_id: made.volume,
        metadata: csi,
      })
    ).id;
    await until("the snapshot available", () => available(`/snapshots/${made.snapshot}`, "snapshot"));
  }
});
