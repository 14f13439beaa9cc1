/** Projects: tenants' files by quotas, bindings and policies; rights, secrets, images, builds and the cluster's own. */
import { filesOf } from "../../src/openshift/report";
import { converted, decision } from "./corpus";

const project = (name: string, tenant: string) => {
  const found = converted([name]).projects.find((each) => each.tenant.name === tenant);
  if (found === undefined) throw new Error(`${name} has no ${tenant}`);
  return found;
};

describe("a project", () => {
  it("becomes a tenant with its quotas, limits and group", () => {
    const { tenant } = project("quotas.yaml", "budget");
    expect(tenant).toMatchObject({
      group: "accountants",
      cpu: "7.5",
      memory: "32Gi",
      storage: "300Gi",
      settings: {
        PODS: "40",
        VOLUMES: "8",
        LOAD_BALANCERS: "2",
        NODE_PORTS: "1",
        DEFAULT_CPU: "150m",
        DEFAULT_MEMORY: "700Mi",
      },
    });
    expect(tenant.notes.filter(({ isTask }) => isTask).map(({ sentence }) => sentence)).toEqual([
      "The quota gold.storageclass.storage.k8s.io/requests.storage (50Gi) is not carried over; see whether it matters.",
      'LimitRange: {"max":{"memory":"8Gi"}} for Container is not carried over; the quota limits the tenant.',
      'LimitRange: {"max":{"storage":"1Gi"}} for openshift.io/Image is not carried over; the quota limits the tenant.',
    ]);
  });

  it("without a quota gets twice what it uses, and says so; so does one without a group", () => {
    const { tenant } = project("statefulset.yaml", "shop-db");
    expect(tenant).toMatchObject({ storage: "100Gi", group: "shop-db-admins" });
    expect(tenant.notes.map(({ sentence }) => sentence.split(";")[0])).toEqual([
      "The project had no quota for CPU, memory or storage",
      "No group administers the project",
    ]);
  });

  it("has its destinations outside in EGRESS, never the metadata service, and those without ports named", () => {
    const { tenant, added } = project("network.yaml", "closed");
    expect(tenant.egress).toEqual([
      { to: [{ ipBlock: { cidr: "10.40.0.0/16" } }], ports: [{ protocol: "TCP", port: 5432 }] },
      { to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.0.0/16"] } }], ports: [{ protocol: "TCP", port: 443 }] },
    ]);
    expect(tenant.notes.map(({ sentence }) => sentence)).toEqual(
      expect.arrayContaining([
        "NetworkPolicy out let pods out to 192.0.2.0/24 without numbers of ports; add them to EGRESS with ports.",
        "EgressNetworkPolicy default let pods out to api.partner.example.com on every port; add it to EGRESS by its network and ports.",
      ]),
    );
    expect(added).toEqual([]);
  });

  it("that no policy closes stays open within itself", () => {
    const [policy] = project("shop.yaml", "museum-shop").added;
    expect(policy?.object.spec).toEqual({
      podSelector: {},
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ podSelector: {} }] }],
    });
  });
});

describe("a NetworkPolicy", () => {
  it("names the gateway in the place of the router, and tenants in the place of projects", () => {
    expect(decision("network.yaml", "NetworkPolicy allow-from-router").objects[0]?.spec).toMatchObject({
      ingress: [
        { from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "envoy-gateway-system" } } }] },
      ],
    });
    expect(decision("network.yaml", "NetworkPolicy out").objects[0]?.spec).toEqual({
      podSelector: { matchLabels: { app: "api" } },
      policyTypes: ["Egress"],
      egress: [{ to: [{ namespaceSelector: { matchLabels: { "openstack-kubernetes/tenant": "museum-shop" } } }] }],
    });
    expect(decision("network.yaml", "NetworkPolicy deny-by-default").outcome).toBe("left out");
  });
});

describe("rights", () => {
  it("of groups and accounts are kept with the directory's prefix, those of people are named", () => {
    const { objects, tasks } = decision("rights.yaml", "RoleBinding releasers");
    expect(objects).toEqual([
      expect.objectContaining({
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "releaser" },
        subjects: [
          { kind: "ServiceAccount", name: "jenkins", namespace: "ci" },
          { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "oidc:release-managers" },
        ],
      }),
    ]);
    expect(tasks).toEqual(["otto had the role releaser in person; put them into a group of the directory."]);
  });

  it("about OpenShift's kinds, and of everybody, are taken out", () => {
    expect(decision("rights.yaml", "Role releaser").objects[0]).toMatchObject({
      rules: [{ apiGroups: ["", "apps"], resources: ["deployments", "deploymentconfigs", "pods"] }],
    });
    expect(decision("rights.yaml", "Role tagger").outcome).toBe("left out");
    expect(decision("rights.yaml", "RoleBinding lookers")).toMatchObject({
      outcome: "left out",
      tasks: ["system:authenticated are all of the old cluster's; nothing is granted to them here."],
    });
    expect(decision("rights.yaml", "ClusterRoleBinding jenkins-admin").tasks).toEqual([
      "ServiceAccount ci:jenkins had cluster-admin in the whole cluster; a tenant has rights in its namespace only.",
    ]);
  });
});

describe("a Secret", () => {
  it("of the old form gets the new one, and what OpenShift made stays behind", () => {
    const [secret] = decision("dc-hooks.yaml", "Secret vendor").objects;
    const { ".dockerconfigjson": text = "" } = secret?.data as Record<string, string>;
    expect(JSON.parse(Buffer.from(text, "base64").toString())).toEqual({
      auths: { "registry.vendor.example.org": { username: "robot", password: "pull" } },
    });
    expect(secret?.type).toBe("kubernetes.io/dockerconfigjson");
    expect(decision("secrets.yaml", "Secret default-token-4n8vw").outcome).toBe("left out");
    expect(decision("secrets.yaml", "Secret serving").outcome).toBe("decide");
    expect(decision("secrets.yaml", "Secret broken").outcome).toBe("decide");
  });
});

describe("images", () => {
  it("are listed to copy by digest, each tag that a stream has", () => {
    expect(project("image-streams.json", "images").images).toEqual([
      { from: `images/app@sha256:${"1".repeat(64)}`, to: "registry.example.org/museum/images/app:1.0" },
      { from: `images/app@sha256:${"2".repeat(64)}`, to: "registry.example.org/museum/images/app:latest" },
      { from: "images/circle:a", to: "registry.example.org/museum/images/circle:a" },
      { from: "images/circle:b", to: "registry.example.org/museum/images/circle:b" },
    ]);
    expect(decision("image-streams.json", "ImageStream redis").notes).toContain(
      "latest is docker.io/library/redis:5.0.14, which another registry has.",
    );
  });

  it("that were built have their source, builder and steps named", () => {
    expect(decision("builds.yaml", "BuildConfig docker").tasks).toEqual([
      "Built docker:2 from ssh://git@git.example.org/tools/docker.git; write a GitLab job that builds and pushes it (docs/how-to/run-gitlab-jobs.md).",
      "Strategy Docker: its Dockerfile is build/Dockerfile. Its variables: MODE.",
      "It copied files out of assets:1; use a stage of the Dockerfile.",
      'After each build it ran {"script":"make test"}; make it a job of the pipeline.',
    ]);
  });
});

describe("what belongs to the whole cluster", () => {
  it.each([
    ["login.yaml", "OAuth cluster", "People logged in by staff (LDAP)"],
    ["login.yaml", "Group shop-developers", "maria, jonas must be in the group shop-developers"],
    ["scc.json", "SecurityContextConstraints collector-host", "It is of your own and allowed allowHostNetwork"],
    ["network.yaml", "NetNamespace closed", "Pods left with the addresses 192.0.2.77"],
    ["statefulset.yaml", "StorageClass standard", "choose it by --storage-class standard=NAME"],
    ["openshift4.yaml", "CustomResourceDefinition kafkas.kafka.strimzi.io", "Its operator must be in the new cluster"],
  ])("is left to people: %s, %s", (name, object, sentence) => {
    const { outcome, tasks } = decision(name, object);
    expect(outcome).toBe("decide");
    expect(tasks).toContainEqual(expect.stringContaining(sentence));
  });
});

describe("the plan of volumes", () => {
  it("says of each claim what holds it, who mounts it where, and the commands that copy it", () => {
    const plan = filesOf(converted(["volumes.yaml"]), [], new Map()).get("volumes.md") ?? "";
    expect(plan).toContain("- 500Gi, ReadWriteMany, from nfs filer.example.org:/exports/archive, to the class nfs");
    expect(plan).toContain("- mounted by DeploymentConfig archive at /archive");
    expect(plan).toContain(
      "kubectl --context OLD -n archive exec move-index -- tar -C /data -cf - . | kubectl --context NEW -n archive exec -i move-index -- tar -C /data -xf -",
    );
    expect(plan).toContain("- [ ] Nothing of the export mounts it; see whether it is still needed.");
    expect(project("statefulset.yaml", "shop-db").volumes).toEqual([
      {
        project: "shop-db",
        claim: "data-database-0",
        size: "50Gi",
        modes: "ReadWriteOnce",
        source: "cinder 9d8c7b6a-1111-2222-3333-444455556666",
        storageClass: "cinder",
        users: [{ kind: "StatefulSet", name: "database", folder: "/var/lib/pgsql/data" }],
      },
    ]);
  });
});
