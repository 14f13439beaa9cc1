import { generateKeyPairSync } from "node:crypto";
import {
  caSecret,
  gitSecret,
  proxySecret,
  renderFluxInstance,
  signersSecret,
  sopsSecret,
} from "../../src/platform/flux";
import { validConfig } from "../config/fixtures";
import { ageKey, configWith, flux } from "./config";

const instance = (values: Record<string, unknown> = {}) => {
  const config = configWith({ flux, ...values });
  return renderFluxInstance(config, config.flux!) as {
    sync: Record<string, string>;
    kustomize: { patches: { target: Record<string, string>; patch: string }[] };
  };
};
const patches = (values: Record<string, unknown>) =>
  instance(values).kustomize.patches.map(({ target, patch }) => ({ target, operations: JSON.parse(patch) as unknown }));

describe("renderFluxInstance", () => {
  it("locks tenants in and follows the stack's folder", () => {
    expect(instance()).toEqual({
      distribution: { version: "2.9.5", registry: "ghcr.io/fluxcd" },
      components: ["source-controller", "kustomize-controller", "helm-controller", "notification-controller"],
      cluster: {
        type: "kubernetes",
        domain: "cluster.local",
        multitenant: true,
        tenantDefaultServiceAccount: "default",
        networkPolicy: true,
      },
      sync: {
        name: "flux-system",
        kind: "GitRepository",
        url: "https://git.example.org/platform/cluster.git",
        ref: "refs/heads/main",
        path: "gitops/clusters/dev",
        interval: "1m",
      },
      kustomize: { patches: [expect.anything(), expect.anything(), expect.anything()] },
    });
  });

  it("follows the branch and folder that are named, with the Secret where one is needed", () => {
    const credentials = { git: { username: "flux", password: "token" } };
    expect(instance({ flux: { ...flux, branch: "release/1", path: "clusters/x" }, credentials }).sync).toMatchObject({
      ref: "refs/heads/release/1",
      path: "clusters/x",
      pullSecret: "flux-git",
    });
  });

  const placed = {
    target: { kind: "Deployment" },
    operations: [
      {
        op: "add",
        path: "/spec/template/spec/affinity",
        value: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }] },
              ],
            },
          },
        },
      },
      {
        op: "add",
        path: "/spec/template/spec/tolerations",
        value: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }],
      },
    ],
  };

  it("keeps the cluster's administrators off the machines that tenants' pods share", () => {
    expect(patches({})[0]).toEqual(placed);
  });

  const kustomize = {
    target: { kind: "Deployment", name: "kustomize-controller" },
    operations: [
      {
        op: "add",
        path: "/spec/template/spec/containers/0/args/-",
        value: "--feature-gates=StrictPostBuildSubstitutions=true,CancelHealthCheckOnNewRevision=true",
      },
      { op: "add", path: "/spec/template/spec/containers/0/args/-", value: "--concurrent=20" },
      {
        op: "add",
        path: "/spec/template/spec/containers/0/env/-",
        value: { name: "HTTP_PROXY", value: "http://127.0.0.1:9" },
      },
      {
        op: "add",
        path: "/spec/template/spec/containers/0/env/-",
        value: { name: "HTTPS_PROXY", value: "http://127.0.0.1:9" },
      },
      {
        op: "add",
        path: "/spec/template/spec/containers/0/env/-",
        value: { name: "NO_PROXY", value: "10.96.0.0/12,.svc,.svc.cluster.local,.svc.cluster.local." },
      },
    ],
  };

  const withoutEditRole = {
    target: { kind: "ClusterRole", name: "flux-edit(-flux-system)?" },
    operations: {
      $patch: "delete",
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "flux-edit" },
    },
  };

  it("leaves out the role that would give all of Flux's kinds to whoever may edit a namespace", () => {
    expect(patches({})[1]).toEqual(withoutEditRole);
  });

  it("refuses missing settings, and shuts the kustomize-controller's way out of the cluster", () => {
    expect(patches({})).toEqual([placed, withoutEditRole, kustomize]);
  });

  it("sends those controllers through the proxy that reach out of the cluster, and no other", () => {
    expect(patches({ proxy: { httpProxy: "http://user:hunter2@proxy.example.org:3128" } })).toEqual([
      placed,
      withoutEditRole,
      kustomize,
      {
        target: { kind: "Deployment", name: "(source-controller|notification-controller)" },
        operations: [
          {
            op: "add",
            path: "/spec/template/spec/containers/0/envFrom",
            value: [{ secretRef: { name: "flux-proxy" } }],
          },
        ],
      },
    ]);
  });

  it("lets the source-controller trust the site's CAs, where charts come from the site", () => {
    const { extraCas } = validConfig("air-gapped");
    const container = "/spec/template/spec/containers/0";
    const trusting = {
      target: { kind: "Deployment", name: "source-controller" },
      operations: [
        {
          op: "add",
          path: "/spec/template/spec/volumes/-",
          value: { name: "cas", secret: { secretName: "flux-cas" } },
        },
        {
          op: "add",
          path: `${container}/volumeMounts/-`,
          value: { name: "cas", mountPath: "/etc/site-cas", readOnly: true },
        },
        { op: "add", path: `${container}/env/-`, value: { name: "SSL_CERT_DIR", value: "/etc/site-cas" } },
      ],
    };
    const platform = { chartRegistry: "oci://registry.example.org/charts" };
    expect(patches({ extraCas, platform })).toEqual([placed, withoutEditRole, kustomize, trusting]);
    expect(caSecret(configWith({ flux, extraCas, platform }))).toEqual({
      "site.crt": extraCas.map((ca) => `${ca.trim()}\n`).join(""),
    });
    expect([patches({ extraCas }), patches({ platform })]).toEqual(Array(2).fill([placed, withoutEditRole, kustomize]));
  });

  it("holds no credential: a FluxInstance is no Secret", () => {
    const credentials = { git: { username: "flux", password: "hunter2-token" }, sopsAgeKey: ageKey };
    expect(
      JSON.stringify(instance({ credentials, proxy: { httpProxy: "http://user:hunter2@proxy.example.org:3128" } })),
    ).not.toMatch(/hunter2|AGE-SECRET/);
  });
});

describe("gitSecret", () => {
  it("is none for a public repository", () => {
    expect([gitSecret(configWith({ flux })), gitSecret(configWith())]).toEqual([undefined, undefined]);
  });

  it("holds user name and token for https, and the site's own CAs", () => {
    const { extraCas } = validConfig("air-gapped");
    const config = configWith({ flux, extraCas, credentials: { git: { username: "flux", password: "token\n" } } });
    expect(gitSecret(config)).toEqual({
      username: "flux",
      password: "token",
      "ca.crt": extraCas.map((ca) => `${ca.trim()}\n`).join(""),
    });
  });

  it("holds key and host keys for ssh", () => {
    const privateKey = generateKeyPairSync("ed25519")
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString()
      .trim();
    const knownHosts =
      "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJhc3Rpb24ga2V5IGZvciB0ZXN0cyBvbmx5LCAzMiBi";
    const config = configWith({
      flux: { url: "ssh://git@git.example.org/cluster.git" },
      credentials: { git: { privateKey, knownHosts } },
    });
    expect(gitSecret(config)).toEqual({ identity: `${privateKey}\n`, known_hosts: `${knownHosts}\n` });
  });
});

const sshSigner = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGEga2V5IGZvciB0aGUgdGVzdHMgb2YgZXZlcnkga2V5 ann";
const pgpSigner = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmAEE\n-----END PGP PUBLIC KEY BLOCK-----\n";

describe("signersSecret", () => {
  it("holds each key under a name that tells Flux its kind, and is absent where every commit is taken", () => {
    const signers = { ...flux, commitSigners: [sshSigner, `Comment\n${pgpSigner}`] };
    expect(signersSecret(configWith({ flux: signers }))).toEqual({
      "signer-1.sshpub": `${sshSigner}\n`,
      "signer-2.asc": pgpSigner,
    });
    expect(signersSecret(configWith({ flux }))).toBeUndefined();
  });

  it("is what the source of the cluster verifies its commits with", () => {
    expect(patches({ flux: { ...flux, commitSigners: [sshSigner] } })).toContainEqual({
      target: { kind: "GitRepository", name: "flux-system" },
      operations: [{ op: "add", path: "/spec/verify", value: { mode: "HEAD", secretRef: { name: "flux-signers" } } }],
    });
  });
});

describe("sopsSecret", () => {
  it("holds the key under a name that ends as Flux wants it", () => {
    expect(sopsSecret(configWith({ flux, credentials: { sopsAgeKey: `# public key: age1\n${ageKey}\n` } }))).toEqual({
      "age.agekey": `# public key: age1\n${ageKey}\n`,
    });
    expect(sopsSecret(configWith())).toBeUndefined();
  });
});

describe("proxySecret", () => {
  it("is the environment of Flux's controllers, password included", () => {
    expect(
      proxySecret(configWith({ proxy: { httpProxy: "http://user:hunter2@proxy.example.org:3128" } }), "10.20.0.5"),
    ).toEqual({
      HTTP_PROXY: "http://user:hunter2@proxy.example.org:3128",
      HTTPS_PROXY: "http://user:hunter2@proxy.example.org:3128",
      NO_PROXY:
        "localhost,127.0.0.1,169.254.169.254,10.20.0.5,10.10.0.0/22,192.168.0.0/16,10.96.0.0/12,.svc,.cluster.local",
    });
    expect(proxySecret(configWith(), "10.20.0.5")).toBeUndefined();
  });
});
