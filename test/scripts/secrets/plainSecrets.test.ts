import { join } from "node:path";
import { plainSecretsBelow, plainSecretsIn } from "../../../scripts/secrets/plainSecrets";

const secret = (rest: string) => `apiVersion: v1\nkind: Secret\nmetadata:\n  name: slack\n${rest}`;
const encrypted =
  "stringData:\n  address: ENC[AES256_GCM,data:aaaa,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:bbbb,type:str]\n";
const remedy = 'encrypt it with sops (docs/gitops.md, "Secrets"), in a file that ends with .sops.yaml.';

describe("plainSecretsIn", () => {
  it.each([
    [
      "stringData in the clear",
      secret("stringData:\n  address: https://hooks.example.org\n"),
      `slack.yaml: the Secret slack has address in the clear; ${remedy}`,
    ],
    [
      "data in the clear, Base64 or not",
      secret("data:\n  a: aGk=\n  b: aG8=\n"),
      `slack.yaml: the Secret slack has a, b in the clear; ${remedy}`,
    ],
    [
      "one value of several in the clear",
      secret(encrypted.replace("sops:", "  token: abc\nsops:")),
      `slack.yaml: the Secret slack has token in the clear; ${remedy}`,
    ],
    [
      "a Secret within a List",
      "kind: List\nitems:\n  - kind: Secret\n    metadata: {name: inner}\n    data: {a: aGk=}\n",
      `slack.yaml: the Secret inner has a in the clear; ${remedy}`,
    ],
    [
      "a Secret behind another document",
      `kind: ConfigMap\n---\n${secret("data: {a: aGk=}")}`,
      `slack.yaml: the Secret slack has a in the clear; ${remedy}`,
    ],
    [
      "a generator",
      "secretGenerator:\n  - name: x\n    literals: [a=b]\n",
      `slack.yaml has a secretGenerator, whose values stand in the clear; write a Secret and ${remedy}`,
    ],
    [
      "an age key anywhere",
      `# AGE-SECRET-KEY-1${"Q".repeat(58)}\n`,
      "slack.yaml holds a private key; remove it from Git's history too, and make a new one.",
    ],
    [
      "a PEM key in a ConfigMap",
      'kind: ConfigMap\ndata:\n  key: "-----BEGIN RSA PRIVATE KEY-----"\n',
      "slack.yaml holds a private key; remove it from Git's history too, and make a new one.",
    ],
    [
      "encrypted values without sops' section",
      secret("stringData:\n  address: ENC[AES256_GCM,data:aaaa]\n"),
      `slack.yaml: the Secret slack looks encrypted but has lost sops' own section; ${remedy}`,
    ],
    [
      "an encrypted Secret in a file that the next edit leaves plain",
      secret(encrypted),
      "slack.yaml holds an encrypted Secret; call the file *.sops.yaml, so that sops encrypts it again after an edit.",
    ],
    [
      "a Secret in a file that is no YAML",
      "kind: Secret\ndata: [",
      "slack.yaml mentions a Secret but is not valid YAML; correct it.",
    ],
    [
      "a Secret's values in the annotation that kubectl apply leaves, though sops encrypted the Secret itself",
      secret(encrypted).replace(
        "name: slack",
        `name: slack\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{"kind":"Secret","metadata":{"name":"slack"},"stringData":{"address":"https://x"}}'`,
      ),
      `slack.yaml: the Secret slack has address in the clear; ${remedy}`,
      "slack.yaml holds an encrypted Secret; call the file *.sops.yaml, so that sops encrypts it again after an edit.",
    ],
    [
      "a Secret in a Kustomize patch",
      `kind: Kustomization\npatches:\n  - patch: |\n      kind: Secret\n      metadata: {name: slack}\n      data: {a: aGk=}\n`,
      `slack.yaml: the Secret slack has a in the clear; ${remedy}`,
    ],
    [
      "a JSON patch of a Secret",
      `kind: Kustomization\npatches:\n  - target: {kind: Secret, name: slack}\n    patch: '[{"op":"add","path":"/data/a","value":"aGk="}]'\n`,
      "slack.yaml: a patch of a Secret has /data/a in the clear; " + `write the Secret and ${remedy}`,
    ],
    [
      "a Secret among the values of a chart",
      "kind: HelmRelease\nspec:\n  values:\n    extraObjects:\n      - {kind: Secret, metadata: {name: x}, data: {a: aGk=}}\n",
      `slack.yaml: the Secret x has a in the clear; ${remedy}`,
    ],
    [
      "a password among the values of a chart",
      "kind: HelmRelease\nspec:\n  values:\n    grafana: {adminPassword: hunter2}\n",
      `slack.yaml: spec.values.grafana.adminPassword has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a password in values that a ConfigMap holds",
      "kind: ConfigMap\ndata:\n  values.yaml: |\n    db:\n      password: 4711\n",
      `slack.yaml: data.values.yaml.db.password has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a password in a container's environment",
      "kind: Deployment\nspec:\n  env:\n    - {name: DB_PASSWORD, value: hunter2}\n",
      `slack.yaml: spec.env.0.DB_PASSWORD has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a password among the literals of a generator",
      "configMapGenerator:\n  - name: x\n    literals: [DB_PASSWORD=hunter2]\n",
      `slack.yaml: configMapGenerator.0.literals.0.DB_PASSWORD has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a password in a URL",
      "kind: GitRepository\nspec:\n  url: https://user:hunter2@git.example.org/a\n",
      `slack.yaml: spec.url has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a token by its form",
      `kind: ConfigMap\ndata:\n  note: glpat-${"x".repeat(20)}\n`,
      `slack.yaml: data.note has a password or token in the clear; take it from a Secret, and ${remedy}`,
    ],
    [
      "a private key in Base64",
      `kind: ConfigMap\nbinaryData:\n  key: ${Buffer.from(`-----BEGIN EC PRIVATE KEY-----\n${"A".repeat(40)}`).toString("base64")}\n`,
      "slack.yaml holds a private key; remove it from Git's history too, and make a new one.",
    ],
  ])("finds %s, and shows no value", (_what, content, ...sentences) => {
    expect(plainSecretsIn(content, "slack.yaml")).toEqual(sentences.toReversed());
  });

  it("lets pass what only names a secret, or is filled in where it is used", () => {
    const values = [
      "existingSecret: grafana",
      "passwordKey: password",
      "http_passwd: $${OPENSEARCH_PASSWORD}",
      "token: ${TOKEN}",
      "automountServiceAccountToken: false",
      "password: ''",
      "url: https://git.example.org:8443/a@b",
    ];
    expect(plainSecretsIn(`kind: HelmRelease\nspec:\n  values:\n    ${values.join("\n    ")}\n`, "a.yaml")).toEqual([]);
  });

  it("lets pass a value that Flux puts in from an encrypted Secret, and nothing that only begins like one", () => {
    const secret = (value: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata:\n  name: registry\ndata:\n  config: ${value}\n`;
    expect(plainSecretsIn(secret("${REGISTRY_CREDENTIALS}"), "credentials.yaml")).toEqual([]);
    for (const value of ["${A}secret", "${A:=secret}", "secret${A}"])
      expect(plainSecretsIn(secret(value), "credentials.yaml")).toEqual([
        expect.stringContaining("has config in the clear"),
      ]);
  });

  it("lets pass what sops encrypted, a Secret without values, and a reference to a Secret", () => {
    expect(plainSecretsIn(secret(encrypted), "slack.sops.yaml")).toEqual([]);
    expect(plainSecretsIn(secret("type: Opaque\n"), "slack.yaml")).toEqual([]);
    expect(plainSecretsIn("kind: Pod\nspec:\n  volumes:\n    - secret: {secretName: slack}\n", "pod.yaml")).toEqual([]);
  });
});

describe("gitops/", () => {
  it("holds no secret in the clear", () => {
    expect(plainSecretsBelow(join(__dirname, "..", "..", "..", "gitops"))).toEqual([]);
  });
});
