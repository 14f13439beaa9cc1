import { redacted, objectWithoutSecrets, withoutSecrets } from "../../src/bundle/withoutSecrets";
import { harmless, oddPlaces, secret as oddSecret } from "./oddPlaces";
import { planted } from "./planted";

describe("a text that is handed to others", () => {
  it.each(Object.entries(planted))("has no %s", (_kind, { text, secret }) => {
    expect(text).toContain(secret);
    for (const shown of [text, `before ${text} after`, JSON.stringify({ message: text }), `line\n${text}\nline`]) {
      const left = withoutSecrets(shown);
      expect(left).not.toContain(secret);
      expect(left).toContain(redacted);
    }
    expect(withoutSecrets(Buffer.from(`{"log":"${text}"}`).toString("base64"))).not.toContain(secret);
  });

  it("has none that this computer knows, however it is encoded", () => {
    const known = 'corréct horse "battery"';
    const texts = [
      known,
      Buffer.from(known).toString("base64"),
      encodeURIComponent(known),
      JSON.stringify({ x: known }),
    ];
    expect(withoutSecrets(texts.join("\n"), [known])).toBe(
      [redacted, redacted, redacted, JSON.stringify({ x: redacted })].join("\n"),
    );
  });

  it.each(Object.entries(oddPlaces))("has none in an odd place: %s", (_place, text) => {
    for (const shown of [text, `line\n${text}\nline`, JSON.stringify({ message: text })]) {
      const left = withoutSecrets(shown);
      for (const form of [oddSecret, Buffer.from(oddSecret).toString("base64")]) expect(left).not.toContain(form);
      expect(left).toContain(redacted);
      expect(left.replaceAll(redacted, "")).not.toContain("left out");
    }
  });

  it.each(harmless)("keeps %s", (line) => {
    expect(withoutSecrets(line)).toBe(line);
  });

  it.each([
    "-",
    "a",
    "/a",
    "\\",
    '"',
    '\\"',
    "curl ",
    "https://a:b/",
    'password="',
    "password: {",
    "A/b-".repeat(19) + "\n",
  ])("is read in seconds where it is 100,000 signs of %j", (sign) => {
    const before = process.cpuUsage();
    withoutSecrets(sign.repeat(100_000 / sign.length));
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(5);
  });

  it("keeps what tells of a fault", () => {
    const lines = [
      "E1130 17:40:08 kubelet.go:2345] node dev-general-0 not found",
      'Failed to pull image "registry.k8s.io/pause:3.10.2": 403 Forbidden',
      "sha256:8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f8f2b0c6b9a4f1234",
      "11111111-0000-4000-8000-000000000000 ACTIVE 10.10.0.11",
      "MountVolume.SetUp failed for volume kube-api-access: secret not found",
      "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
      "openstack-kubernetes: FAILED: no mirror answers",
    ];
    expect(withoutSecrets(lines.join("\n"))).toBe(lines.join("\n"));
  });
});

describe("an object that is handed to others", () => {
  it("has no values of variables, of charts and of Secrets, and no copy of what was applied", () => {
    const variable = { name: "GREETING", value: "hunter2-a" };
    const found = objectWithoutSecrets({
      kind: "List",
      items: [
        {
          kind: "Pod",
          spec: {
            containers: [
              { image: "shop:1", env: [variable, { name: "A", valueFrom: { secretKeyRef: { name: "s" } } }] },
            ],
          },
        },
        { kind: "Secret", metadata: { name: "s" }, data: { x: "aHVudGVyMi1i" } },
        { kind: "HelmRelease", spec: { chart: {}, values: { anything: "hunter2-c" } } },
        {
          metadata: { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "hunter2-d", note: "kept" } },
        },
      ],
    });
    expect(JSON.stringify(found)).not.toMatch(/hunter2|aHVudGVy/);
    expect(found).toMatchObject({
      items: [
        {
          spec: {
            containers: [
              { image: "shop:1", env: [{ name: "GREETING" }, { valueFrom: { secretKeyRef: { name: "s" } } }] },
            ],
          },
        },
        { metadata: { name: "s" } },
        {},
        { metadata: { annotations: { note: "kept" } } },
      ],
    });
  });

  it.each<[string, object]>([
    ["an argument behind its flag", { args: ["--password", oddSecret] }],
    ["an annotation with a prefix", { metadata: { annotations: { "example.org/token": oddSecret } } }],
    ["a list of passwords", { passwords: ["x", oddSecret] }],
    ["an object within a password", { password: { value: { a: oddSecret } } }],
    ["a number", { password: 12345678 }],
    ["a header as key and value", { headers: [{ key: "Authorization", value: oddSecret }] }],
    ["values of a chart that goes by a reference", { spec: { chartRef: {}, values: { a: oddSecret } } }],
    ["user data as Nova calls it", { "OS-EXT-SRV-ATTR:user_data": "SGVsbG8gd29ybGQsIG5vdGhpbmc=" }],
    ["a document as a text", { metadata: { annotations: { x: JSON.stringify({ a: { token: [oddSecret] } }) } } }],
  ])("has no secret in %s", (_place, object) => {
    const left = JSON.stringify(objectWithoutSecrets(object));
    for (const form of [oddSecret, "12345678", "SGVsbG8"]) expect(left).not.toContain(form);
    expect(left).toContain(redacted);
  });

  it("says where a secret is", () => {
    const volumes = {
      volumes: [{ secret: { secretName: "tls", items: [{ key: "tls.crt", path: "x" }], optional: true } }],
      imagePullSecrets: [{ name: "registry" }],
      tolerations: [{ key: "example.org/gpu", operator: "Equal", value: "yes" }],
    };
    expect(objectWithoutSecrets(volumes)).toEqual(volumes);
  });
});
