/**
 * The guards on a real API server: what the platform lays into a tenant's namespace is judged as it would be stored,
 * whoever asks, Flux included. Not shown: what a controller does with what is stored.
 */
import { fluxBuildPrograms } from "./fluxBuild";
import { controlPlanePrograms } from "./live/controlPlane";
import { type GuardedCluster, guardedClusterFolders, startGuardedCluster } from "./live/guardedCluster";
import type { KubernetesObject } from "./live/kubectl";
import { eventually } from "./live/processes";
import { describeWith } from "./toolbox";

jest.setTimeout(180_000);

describeWith([...controlPlanePrograms, ...fluxBuildPrograms, ...guardedClusterFolders])("the guards", () => {
  let cluster: GuardedCluster;
  let policies = 0;

  beforeAll(async () => {
    cluster = await startGuardedCluster();
  }, 600_000);

  afterAll(() => cluster?.stop());

  /** An object of the tenant atlas as Flux would apply it, with a change that something made on the way. */
  const rewritten = (kind: string, name: string, change: (object: KubernetesObject) => object) =>
    change(cluster.built.get("tenant-atlas")!.find((object) => object.kind === kind && object.metadata.name === name)!);
  const withSpec = (spec: object) => (object: KubernetesObject) => ({ ...object, spec: { ...object.spec, ...spec } });

  const networkPolicy = (name: string, spec: object, labels = {}) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: "atlas", labels },
    spec: { podSelector: {}, ...spec },
  });

  describe("over what Flux applies", () => {
    it.each<[string, string, (object: KubernetesObject) => object, string | RegExp]>([
      [
        "ResourceQuota",
        "tenant",
        withSpec({ hard: { "requests.cpu": "1000" } }),
        "does not say what the tenant's file says",
      ],
      [
        "NetworkPolicy",
        "default-deny",
        withSpec({ podSelector: { matchLabels: { none: "such" } } }),
        "closes the whole namespace",
      ],
      ["NetworkPolicy", "default-deny", withSpec({ policyTypes: ["Ingress"] }), "closes the whole namespace"],
      ["NetworkPolicy", "allow-egress", withSpec({ egress: [{}] }), /does not say what EGRESS|opens more than/],
      [
        "NetworkPolicy",
        "allow-egress",
        withSpec({
          egress: [{ to: [{ ipBlock: { cidr: "10.40.0.0/15" } }], ports: [{ protocol: "TCP", port: 5432 }] }],
        }),
        "does not say what EGRESS in the tenant's file says",
      ],
      [
        "NetworkPolicy",
        "allow-egress",
        withSpec({
          egress: [
            { to: [{ ipBlock: { cidr: "10.40.0.0/16" } }], ports: [{ protocol: "TCP", port: 1, endPort: 65535 }] },
          ],
        }),
        "does not say what EGRESS in the tenant's file says",
      ],
      [
        "NetworkPolicy",
        "allow-egress",
        withSpec({ ingress: [{}], policyTypes: ["Ingress", "Egress"] }),
        "opens more than named ports",
      ],
      [
        "NetworkPolicy",
        "allow-dns",
        withSpec({ egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: "UDP", port: 53 }] }] }),
        "opens the way to the cluster's DNS and says nothing else",
      ],
      [
        "RoleBinding",
        "tenant-admin",
        (object) => ({
          ...object,
          subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "oidc:others" }],
        }),
        "lets in others than the tenant's file says",
      ],
    ])("refuse a %s %s that something has rewritten", (kind, name, change, message) => {
      for (const asker of [cluster.flux, cluster.kubectl]) {
        const { ok, output } = asker.apply(rewritten(kind, name, change));
        expect(output).toMatch(message);
        expect(ok).toBe(false);
      }
    });

    it("let pass what the tenant's file says, and a new quota once the file says it", async () => {
      expect(cluster.flux.apply(...cluster.built.get("tenant-atlas")!)).toMatchObject({ ok: true });
      cluster.flux.run([
        ...["patch", "kustomization", "tenant-atlas", "-n", "flux-system", "--type=merge"],
        ...["-p", '{"spec":{"postBuild":{"substitute":{"CPU":"9000m"}}}}'],
      ]);
      const hard = (cpu: string) => (object: KubernetesObject) =>
        withSpec({ hard: { ...(object.spec!.hard as object), "requests.cpu": cpu } })(object);
      await eventually("The new quota", 30, () =>
        cluster.flux.apply(rewritten("ResourceQuota", "tenant", hard("9"))).ok ? true : undefined,
      );
      expect(cluster.flux.apply(rewritten("ResourceQuota", "tenant", hard("8"))).ok).toBe(false);
    });

    it("let pass the canary, whose namespace is a tenant's and has no file", () => {
      const network = cluster.built
        .get("canary")!
        .filter(({ kind }) => ["Namespace", "NetworkPolicy"].includes(String(kind)));
      expect(network.length).toBeGreaterThan(3);
      expect(cluster.flux.apply(network[0]!).output).not.toContain("denied");
      expect(cluster.flux.apply(...network)).toMatchObject({ ok: true });
    });

    it("refuse a policy of the platform that opens every port, everything, or the metadata service", () => {
      const canary = cluster.built.get("canary")!.find(({ metadata }) => metadata.name === "allow-egress")!;
      const ports = [{ protocol: "TCP", port: 443 }];
      for (const egress of [
        [{}],
        [{ to: [{ ipBlock: { cidr: "10.40.0.0/16" } }] }],
        [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports }],
        [{ to: [{ ipBlock: { cidr: "169.254.169.254/32" } }], ports }],
      ]) {
        const { ok, output } = cluster.flux.apply(withSpec({ egress })(canary));
        expect(output).toContain("opens more than named ports to named addresses");
        expect(ok).toBe(false);
      }
    });
  });

  describe("over a tenant", () => {
    it("keep the platform's label from what is not the platform's", () => {
      const label = { "openstack-kubernetes/owner": "platform" };
      const { ok, output } = cluster.member.create(networkPolicy("forged", {}, label));
      expect(output).toContain('networkpolicies "forged" belongs to the platform');
      expect(ok).toBe(false);
    });

    it("let it open egress to itself and to tenants, and to no namespace of the platform", () => {
      const egress = (...to: readonly object[]) =>
        cluster.member.create(
          networkPolicy(`out-${++policies}`, { policyTypes: ["Egress"], egress: [{ to, ports: [{ port: 9443 }] }] }),
        );
      const others = { namespaceSelector: { matchLabels: { "openstack-kubernetes/tenant": "borealis" } } };
      const all = { matchExpressions: [{ key: "openstack-kubernetes/tenant", operator: "Exists" }] };
      expect(egress({ podSelector: {} }, others, { namespaceSelector: all, podSelector: {} })).toMatchObject({
        ok: true,
      });
      for (const namespaceSelector of [
        {},
        { matchLabels: { "kubernetes.io/metadata.name": "kyverno" } },
        { matchExpressions: [{ key: "openstack-kubernetes/tenant", operator: "NotIn", values: ["x"] }] },
        { matchExpressions: [{ key: "openstack-kubernetes/tenant", operator: "DoesNotExist" }] },
      ]) {
        const { ok, output } = egress({ podSelector: {} }, { namespaceSelector });
        expect(output).toContain("allows egress to addresses, to everything, or to namespaces of the platform");
        expect(ok).toBe(false);
      }
    });

    it("refuse policies of Kyverno, whoever asks", () => {
      for (const [apiVersion, kind] of [
        ["policies.kyverno.io/v1", "NamespacedMutatingPolicy"],
        ["policies.kyverno.io/v1", "PolicyException"],
        ["kyverno.io/v1", "Policy"],
      ] as const) {
        const { ok, output } = cluster.kubectl.create({
          apiVersion,
          kind,
          metadata: { name: "mine", namespace: "atlas" },
          spec:
            kind === "PolicyException"
              ? { policyRefs: [{ name: "image-tags", kind: "ValidatingPolicy" }] }
              : kind === "Policy"
                ? { rules: [] }
                : { matchConstraints: {}, mutations: [] },
        });
        expect(output).toContain("are the platform's, in every namespace");
        expect(ok).toBe(false);
      }
    });

    it("refuse what the cluster's issuers would sign for it, whoever asks, and nothing of an issuer of its own", () => {
      const certificate = (issuerRef: object) => ({
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { generateName: "mine-", namespace: "atlas" },
        spec: { secretName: "mine", dnsNames: ["atlas.apps.dev.example.org"], issuerRef },
      });
      for (const issuerRef of [
        { name: "internal", kind: "ClusterIssuer" },
        { name: "internal", kind: "Anything", group: "example.org" },
      ]) {
        const { ok, output } = cluster.kubectl.create(certificate(issuerRef));
        expect(output).toContain('the issuer "internal" is the platform\'s');
        expect(ok).toBe(false);
      }
      expect(cluster.kubectl.create(certificate({ name: "own", kind: "Issuer" }))).toMatchObject({ ok: true });
      expect(cluster.member.create(certificate({ name: "own" })).output).toContain("cannot create resource");
    });

    describe("and its monitors", () => {
      const monitor = (kind: "PodMonitor" | "ServiceMonitor", spec: object, endpoint: object = {}) => ({
        apiVersion: "monitoring.coreos.com/v1",
        kind,
        metadata: { generateName: "mine-", namespace: "atlas" },
        spec: {
          selector: {},
          [kind === "PodMonitor" ? "podMetricsEndpoints" : "endpoints"]: [
            { port: "http", followRedirects: false, ...endpoint },
          ],
          ...spec,
        },
      });
      const relabeling = [{ targetLabel: "namespace", replacement: "borealis" }];
      const secret = { name: "mine", key: "token" };

      it.each<[string, object, object]>([
        ["relabelings", {}, { relabelings: relabeling }],
        ["metricRelabelings", {}, { metricRelabelings: relabeling }],
        ["honorLabels", {}, { honorLabels: true }],
        ["proxyUrl", {}, { proxyUrl: "http://10.0.0.1:3128" }],
        ["proxyFromEnvironment", {}, { proxyFromEnvironment: true }],
        ["oauth2", {}, { oauth2: { clientId: { secret }, clientSecret: secret, tokenUrl: "http://10.0.0.1/" } }],
        ["podTargetLabels", { podTargetLabels: ["job"] }, {}],
        ["scrapeClass", { scrapeClass: "other" }, {}],
        ["attachMetadata", { attachMetadata: { node: true } }, {}],
      ])("refuse %s, by which a monitor reaches other addresses or takes others' labels", (field, spec, endpoint) => {
        for (const kind of ["PodMonitor", "ServiceMonitor"] as const) {
          const { ok, output } = cluster.member.create(monitor(kind, spec, endpoint));
          expect(output).toContain(`has ${field}, with which it could reach other addresses or take others' labels`);
          expect(ok).toBe(false);
        }
      });

      it.each<[string, object, object, string]>([
        ["redirects", {}, { followRedirects: true }, "follow redirects to any address"],
        ["redirects that it does not forbid", { endpoints: [{ port: "http" }] }, {}, "follow redirects to any address"],
        ["every second", {}, { interval: "1s" }, "more often than every 15s"],
        ["every millisecond", {}, { interval: "1ms" }, "more often than every 15s"],
        ["other namespaces", { namespaceSelector: { any: true } }, {}, "looks into other namespaces"],
        ["another namespace", { namespaceSelector: { matchNames: ["borealis"] } }, {}, "looks into other namespaces"],
        [
          "with Prometheus' own token",
          {},
          { bearerTokenFile: "/var/run/secrets/token" },
          "has bearerTokenFile, with which",
        ],
        ["files of Prometheus", {}, { tlsConfig: { caFile: "/etc/passwd" } }, "names files of Prometheus"],
        [
          "a hundred endpoints",
          { endpoints: Array.from({ length: 100 }, () => ({ port: "http", followRedirects: false })) },
          {},
          "more than 10 endpoints",
        ],
      ])("refuse a monitor that asks %s", (_what, spec, endpoint, message) => {
        const { ok, output } = cluster.member.create(monitor("ServiceMonitor", spec, endpoint));
        expect(output).toContain(message);
        expect(ok).toBe(false);
      });

      it("let pass one that asks the namespace's own pods, with a log-in", () => {
        const endpoint = { interval: "30s", path: "/metrics", scheme: "https", authorization: { credentials: secret } };
        for (const kind of ["PodMonitor", "ServiceMonitor"] as const)
          expect(cluster.member.create(monitor(kind, { sampleLimit: 100 }, endpoint))).toMatchObject({ ok: true });
      });
    });
  });
});
