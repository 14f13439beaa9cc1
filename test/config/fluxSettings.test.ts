/** The settings that gitops/ reads, against the table that checks them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { computedSettings } from "../../src/config/clusterConfig";
import { fluxSettings, neededBy, settingProblems, unreadSettings } from "../../src/config/fluxSettings";
import { chartSettings, chartTypeSetting } from "../../src/config/platformComponents";
import { parseClusterConfig } from "../../src/config/parse";
import { configWarnings } from "../../src/config/warnings";
import { repositoryFolder, textFiles } from "../docs/textFiles";
import { options } from "../gitops/options";
import { minimal, sentencesOf } from "./fixtures";

/** `${NAME}` and `${NAME:=default}` in the manifests that cluster-settings are put into; `$${NAME}` is not Flux's. */
const read = new Set(
  textFiles((file) => /^gitops\/(?!tenants\/|secrets\/|infrastructure\/guards\/.*\.md).*\.ya?ml$/.test(file)).flatMap(
    ({ lines }) => [...lines.join("\n").matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name = ""]) => name),
  ),
);

describe("the table of settings", () => {
  it("has every setting that gitops/ reads, and no other", () => {
    const computed: readonly string[] = [...computedSettings, ...chartSettings.map(chartTypeSetting)];
    expect(Object.keys(fluxSettings).sort()).toEqual([...read].filter((name) => !computed.includes(name)).sort());
  });

  it("has the entry of each in docs/gitops.md, or among the mirrors of docs/supported-versions.md", () => {
    const documented = ["gitops", "supported-versions"]
      .map((page) => readFileSync(join(repositoryFolder, `docs/${page}.md`), "utf8"))
      .join("");
    expect(Object.keys(fluxSettings).filter((name) => !documented.includes(`- \`${name}\` `))).toEqual([]);
  });

  it("takes every default that gitops/ has", () => {
    const manifests = textFiles((file) => /^gitops\/(infrastructure|options|choices)\/.*\.ya?ml$/.test(file));
    const defaults = manifests.flatMap(({ lines }) =>
      [...lines.join("\n").matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*):=([^"{}$]+)\}/g)].map(([, name = "", value = ""]) => [
        name,
        value,
      ]),
    );
    const own = defaults.filter(([name = "", value]) => name in fluxSettings && value !== "invalid");
    expect(own.length).toBeGreaterThan(40);
    expect(own.flatMap(([name = "", value = ""]) => settingProblems({ [name]: value }))).toEqual([]);
  });

  it.each(Object.entries(options))("asks for what the option %s needs, and for nothing else", (option, settings) => {
    expect(settingProblems(settings)).toEqual([]);
    const [choice = "", ...needed] = Object.keys(settings);
    expect([...(neededBy[choice]?.[option] ?? [])].sort()).toEqual(needed.sort());
  });
});

describe("flux.settings", () => {
  it.each([
    [
      { PROMETHEUS_REPLICA: "2" },
      'flux.settings has "PROMETHEUS_REPLICA", which gitops/ does not read; did you mean PROMETHEUS_REPLICAS?',
    ],
    [
      { KYVERNO_REPLICAS: "three" },
      'flux.settings.KYVERNO_REPLICAS is "three" but must be a whole number from 1 to 999.',
    ],
    [
      { PROMETHEUS_STORAGE: "20 GB" },
      'flux.settings.PROMETHEUS_STORAGE is "20 GB" but must be a quantity of Kubernetes such as 50Gi or 500m.',
    ],
    [
      { PROMETHEUS_RETENTION: "7 days" },
      'flux.settings.PROMETHEUS_RETENTION is "7 days" but must be a duration of Prometheus such as 15d or 2w.',
    ],
    [
      { PROMETHEUS_RETENTION_SIZE: "15Gi" },
      'flux.settings.PROMETHEUS_RETENTION_SIZE is "15Gi" but must be a size of Prometheus such as 40GB.',
    ],
    [
      { APPS_DOMAIN: "https://apps.example.org" },
      'flux.settings.APPS_DOMAIN is "https://apps.example.org" but must be a domain such as apps.example.org.',
    ],
    [
      { ACME: "acme-http-01" },
      'flux.settings.ACME is "acme-http-01" but ACME_EMAIL is absent; set flux.settings.ACME_EMAIL.',
    ],
    [{ LOGS: "elasticsearch" }, 'flux.settings.LOGS is "elasticsearch" but must be one of opensearch, none.'],
    [{ REBOOT_START: "25:00" }, 'flux.settings.REBOOT_START is "25:00" but must be a time of day such as 01:00.'],
    [
      { REBOOT_TIME_ZONE: "CEST+1" },
      'flux.settings.REBOOT_TIME_ZONE is "CEST+1" but must be a time zone of IANA such as Europe/Berlin.',
    ],
    [
      { REBOOT_DAYS: "monday" },
      'flux.settings.REBOOT_DAYS is "monday" but must be a list of days such as [mo, tu, we, th].',
    ],
    [
      { TRIDENT_SVM: "no" },
      'flux.settings.TRIDENT_SVM is "no" but must be a name that YAML reads as text: letters, digits, -, _, . and /.',
    ],
    [
      { TRIDENT_SVM: "010" },
      'flux.settings.TRIDENT_SVM is "010" but must be a name that YAML reads as text: letters, digits, -, _, . and /.',
    ],
    [
      { ACME_WEBHOOK_CONFIG: "zone: x" },
      'flux.settings.ACME_WEBHOOK_CONFIG is "zone: x" but must be one line of JSON such as {"zone": "example.org."}.',
    ],
    [
      { PLATFORM_NODE_ROLE: "Platform" },
      'flux.settings.PLATFORM_NODE_ROLE is "Platform" but must be a role such as platform: lower-case letters, digits and -.',
    ],
  ])("refuses %j", (settings, sentence) => {
    const values = { ...minimal, flux: { url: "https://git.example.org/a.git", settings } };
    expect(sentencesOf(() => parseClusterConfig(values, "dev"))).toEqual([sentence]);
  });

  it("send the platform only to a pool that has its label, its taint and machines", () => {
    const key = "node-role.kubernetes.io/platform";
    const flux = { url: "https://git.example.org/a.git", settings: { PLATFORM_NODE_ROLE: "platform" } };
    const parse = (pool: object) =>
      parseClusterConfig(
        {
          ...minimal,
          flux,
          nodePools: [...minimal.nodePools, { name: "platform", count: 2, flavor: "m1.large", ...pool }],
        },
        "dev",
      );
    const ready = { labels: { [key]: "" }, taints: [{ key, effect: "NoSchedule" }] };
    expect(() => parse(ready)).not.toThrow();
    const lacking = [{ ...ready, count: 0 }, { labels: ready.labels }, { taints: ready.taints }];
    for (const pool of [...lacking, { ...ready, taints: [{ key, effect: "PreferNoSchedule" }] }])
      expect(sentencesOf(() => parse(pool))).toEqual([
        `flux.settings.PLATFORM_NODE_ROLE is "platform" but no pool with machines has both the label and a NoSchedule taint "${key}"; give a pool both.`,
      ]);
  });

  it("says aloud that a setting of the site's own is read by nothing here", () => {
    const settings = { LOG_RETENTION_DAYS: "14", APPS_DOMAIN: "apps.example.org" };
    expect(unreadSettings(settings)).toEqual(["LOG_RETENTION_DAYS"]);
    const config = parseClusterConfig({ ...minimal, flux: { url: "https://git.example.org/a.git", settings } }, "dev");
    expect(configWarnings(config, new Date("2026-11-01"))).toContain(
      'flux.settings has "LOG_RETENTION_DAYS", which nothing in gitops/ of this repository reads; if your own manifests do, add it to src/config/fluxSettings.ts.',
    );
  });
});
