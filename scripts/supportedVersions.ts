/** docs/supported-versions.md, rendered from the tables of operating systems, Kubernetes minors and components. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  defaultKubernetesVersion,
  hasEnded,
  isSupportedBy,
  kubernetesMinor,
  minorNames,
  reviewedOn,
  type MinorName,
} from "../src/config/kubernetesMinors";
import { operatingSystem, osFamilies, releaseNames, releaseOf } from "../src/config/operatingSystems";
import {
  chartSettings,
  cloudProviderComponent,
  componentLabel,
  components,
  otherComponents,
  rangedComponentNames,
  rangedComponents,
} from "../src/config/platformComponents";
import { wrapped } from "./configReference";

const entry = (text: string) => wrapped(`- ${text}`, "  ");

/** The text of docs/supported-versions.md. */
export function renderSupportedVersions(): string {
  return [
    "# Supported versions",
    "",
    ...wrapped(
      "<!-- Generated from src/config/operatingSystems.ts, kubernetesMinors.ts and platformComponents.ts by scripts/generateConfigDocs.ts. Change the tables, then run it. -->",
    ),
    "",
    "## Operating systems",
    "",
    ...wrapped(
      "`os.family` and `os.version`, with the control-group versions a release can boot with, its default first.",
    ),
    "",
    ...osFamilies.flatMap(operatingSystemEntry),
    "",
    "## Kubernetes",
    "",
    ...wrapped(
      `\`kubernetes.version\` takes any patch of these minors. Without it a cluster gets ${defaultKubernetesVersion}: the newest patch of the newest minor that every component supports which a cluster has by default. Set it in a stack that people rely on, because the default moves with this program.`,
    ),
    "",
    ...wrapped(
      `A minor that upstream had ended on ${reviewedOn}, when this was last compared with upstream, is refused unless \`kubernetes.allowEndedMinor\` names it. One that ends later is warned of. A minor that a component of the cluster does not support is warned of, too ([0040](decisions/0040-kubernetes-minors-and-their-end.md)).`,
    ),
    "",
    ...minorNames.flatMap(minorEntry),
    "",
    "## Components",
    "",
    "Minors that upstream lists for the release that this repository installs:",
    "",
    ...rangedComponentNames.flatMap(rangedEntry),
    ...entry(
      `[${cloudProviderComponent.title}](${cloudProviderComponent.source}): each release for one minor; a minor without one gets the release before.`,
    ),
    "",
    "Upstream gives a lower bound only, or publishes no range:",
    "",
    ...otherComponents.flatMap(({ title, source, kubernetes }) =>
      entry(`[${title}](${source}): ${kubernetes ?? "not published"}.`),
    ),
    "",
    "## Repositories of charts",
    "",
    ...wrapped(
      "`platform.chartRegistry` stands in for all of them. Where a site has a mirror of one, an OCI registry (`oci://`) or a Helm repository (`https://`), set its address in `flux.settings`; the program tells Flux which of the two it is:",
    ),
    "",
    ...chartSettings.flatMap(mirrorEntry),
    "",
  ].join("\n");
}

function mirrorEntry(setting: string): string[] {
  const titles = components.filter(({ mirror }) => mirror === setting).map(({ title }) => title);
  return entry(`\`${setting}\` (default \`${defaultRepository(setting)}\`): charts of ${titles.join(" and ")}.`);
}

/** What gitops/ takes where the setting is absent. */
function defaultRepository(setting: string): string {
  const folder = join(__dirname, "..", "gitops");
  const defaults = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split(`\${${setting}:=`)[1]?.split("}")[0] ?? []);
  return defaults.join(", ");
}

function operatingSystemEntry(family: (typeof osFamilies)[number]): string[] {
  const { packageManager, selinux } = operatingSystem({ os: { family } });
  const releases = releaseNames(family).map(
    (version) => `${version} (${(releaseOf({ family, version })?.cgroups ?? []).join(" or ")})`,
  );
  return entry(`\`${family}\` ${releases.join(", ")}: ${packageManager}${selinux ? ", SELinux enforcing" : ""}.`);
}

function minorEntry(minor: MinorName): string[] {
  const { newestPatch, endOfLife, cloudProvider } = kubernetesMinor(minor);
  const unlisted = [
    ...(cloudProvider === undefined ? [cloudProviderComponent.title] : []),
    ...rangedComponentNames
      .filter((name) => !isSupportedBy(minor, name))
      .map((name) => componentLabel(rangedComponents[name])),
  ];
  return entry(
    [
      `**${minor}**: newest known patch ${newestPatch}.`,
      `Upstream ${hasEnded(minor, reviewedOn) ? "ended" : "ends"} it on ${endOfLife}.`,
      unlisted.length === 0 ? "Every component lists it." : `Not listed by ${unlisted.join(", ")}.`,
    ].join(" "),
  );
}

function rangedEntry(name: (typeof rangedComponentNames)[number]): string[] {
  const component = rangedComponents[name];
  const minors = minorNames.filter((minor) => isSupportedBy(minor, name));
  return entry(`[${componentLabel(component)}](${component.source}): ${minors.join(", ")}.`);
}
