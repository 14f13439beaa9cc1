import { renderAdmissionConfiguration } from "../../src/bootstrap/admissionConfiguration";
import { renderAuditPolicy } from "../../src/bootstrap/auditPolicy";
import { renderAuthenticationConfiguration } from "../../src/bootstrap/authenticationConfiguration";
import { renderEncryptionConfiguration } from "../../src/bootstrap/encryptionConfiguration";
import { caCertificate, sampleConfig } from "./samples";

const anonymous = {
  enabled: true,
  conditions: [
    { path: "/livez" },
    { path: "/readyz" },
    { path: "/healthz" },
    { path: "/api/v1/namespaces/kube-public/configmaps/cluster-info" },
  ],
};

describe("AuthenticationConfiguration", () => {
  it("lets nobody in without a name but health checks and joining machines", () => {
    expect(renderAuthenticationConfiguration(sampleConfig())).toEqual({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [],
      anonymous,
    });
  });

  it("maps the claims of the issuer to users and groups with their prefixes", () => {
    const oidc = {
      issuerUrl: "https://sso.example/realms/corp",
      clientId: "kubernetes",
      usernameClaim: "email",
      groupsPrefix: "ldap:",
      ca: caCertificate,
    };
    expect(renderAuthenticationConfiguration(sampleConfig({ oidc }))).toEqual({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: {
            url: "https://sso.example/realms/corp",
            audiences: ["kubernetes"],
            certificateAuthority: caCertificate,
          },
          claimMappings: {
            username: { claim: "email", prefix: "oidc:" },
            groups: { claim: "groups", prefix: "ldap:" },
          },
        },
      ],
      anonymous,
    });
  });
});

describe("EncryptionConfiguration", () => {
  const providers = (choice: "secretbox" | "aescbc" | "none") => {
    const document = renderEncryptionConfiguration(choice, "KEY") as {
      resources: { resources: string[]; providers: Record<string, unknown>[] }[];
    };
    expect(document).toMatchObject({ apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration" });
    expect(document.resources.map(({ resources }) => resources)).toEqual([["secrets"]]);
    return document.resources[0]!.providers;
  };
  const keys = { keys: [{ name: "key-1", secret: "KEY" }] };

  it.each([
    ["secretbox", [{ secretbox: keys }, { aescbc: keys }, { identity: {} }]],
    ["aescbc", [{ aescbc: keys }, { secretbox: keys }, { identity: {} }]],
    ["none", [{ identity: {} }, { secretbox: keys }, { aescbc: keys }]],
  ] as const)("writes with %s first and reads what any other choice wrote", (choice, expected) => {
    expect(providers(choice)).toEqual(expected);
  });
});

describe("AdmissionConfiguration", () => {
  it("applies the Pod Security levels of the configuration to namespaces without labels, and limits events", () => {
    const config = sampleConfig({
      kubernetes: { podSecurity: { enforce: "restricted", exemptNamespaces: ["csi", "kube-system"] } },
    });
    expect(renderAdmissionConfiguration(config)).toEqual({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: [
        {
          name: "EventRateLimit",
          configuration: {
            apiVersion: "eventratelimit.admission.k8s.io/v1alpha1",
            kind: "Configuration",
            limits: [{ type: "Namespace", qps: 50, burst: 100 }],
          },
        },
        {
          name: "PodSecurity",
          configuration: {
            apiVersion: "pod-security.admission.config.k8s.io/v1",
            kind: "PodSecurityConfiguration",
            defaults: {
              enforce: "restricted",
              "enforce-version": "latest",
              audit: "restricted",
              "audit-version": "latest",
              warn: "restricted",
              "warn-version": "latest",
            },
            exemptions: {
              namespaces: ["calico-apiserver", "calico-system", "csi", "kube-system", "tigera-operator"],
            },
          },
        },
      ],
    });
  });
});

describe("the audit policy", () => {
  const { rules } = renderAuditPolicy() as {
    rules: { level: string; resources?: { group: string; resources?: string[] }[]; verbs?: string[] }[];
  };
  const aboutSecrets = rules.findIndex((rule) =>
    rule.resources?.some(({ resources }) => resources?.includes("secrets")),
  );

  it("logs the metadata of Secrets and tokens, never their content", () => {
    expect(rules[aboutSecrets]).toEqual({
      level: "Metadata",
      resources: [
        { group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] },
        { group: "authentication.k8s.io", resources: ["tokenreviews"] },
      ],
    });
    expect(
      rules.slice(0, aboutSecrets).filter(({ level }) => level === "Request" || level === "RequestResponse"),
    ).toEqual([]);
  });

  it("leaves out reads only, apart from events and leases", () => {
    expect(
      rules.slice(0, aboutSecrets).map(({ level, resources }) => [level, resources?.map(({ group }) => group)]),
    ).toEqual([
      ["None", undefined],
      ["None", ["", "events.k8s.io", "coordination.k8s.io"]],
    ]);
    const silent = rules.filter(
      ({ level, resources, verbs }) => level === "None" && resources === undefined && verbs !== undefined,
    );
    expect(silent.map(({ verbs }) => verbs)).toEqual([
      ["get", "list", "watch"],
      ["get", "list", "watch"],
    ]);
  });

  it("logs with their content the changes that people make, and everything else by metadata", () => {
    expect(rules.slice(-4)).toEqual([
      { level: "Metadata", userGroups: ["system:nodes", "system:serviceaccounts"] },
      {
        level: "Metadata",
        users: ["system:apiserver", "system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler"],
      },
      { level: "Request", userGroups: ["system:authenticated"] },
      { level: "Metadata" },
    ]);
  });
});
