/** Which parts of the platform a lab brings: those whose images are at hand and that its machines can run. */

/** A part that Pulumi installs, by its key in the stack file. */
export type PlatformPart = "cni" | "cloudProvider" | "flux";

/** What is left out, each with the reason. */
interface PlatformChoice {
  readonly without: Readonly<Partial<Record<PlatformPart, string>>>;
  /** Flux Kustomizations, by name. */
  readonly suspended: Readonly<Record<string, string>>;
}

/** The platform of a lab, as the overlay describes it to the stack. */
export interface LabPlatform extends PlatformChoice {
  /** Registries whose images the site has. */
  readonly registries: readonly string[];
  /** Certificate of the site's registry and Git server. */
  readonly ca: string;
  /** Application credential of the lab's project. */
  readonly credential: { readonly id: string; readonly secret: string };
  readonly sopsAgeKey: string;
}

interface PartAtHand {
  readonly name: string;
  readonly owner: "pulumi" | "flux" | "example";
  /** Flux Kustomizations that it waits for. */
  readonly dependsOn: readonly string[];
  /** Names of images and charts that are not at hand. */
  readonly missing: readonly string[];
}

/** Flux Kustomizations that machines in namespaces cannot run, whatever images there are. */
const beyondMachines: Readonly<Record<string, string>> = {
  monitoring: "Prometheus and Alertmanager keep their data on volumes, and a machine in namespaces has none",
  canary: "it tries a volume, and a machine in namespaces has none",
};

/** A part without its images is left out, and so is what waits for it. */
export function choosePlatform(parts: readonly PartAtHand[]): PlatformChoice {
  const missing = new Map(parts.map(({ name, missing: names }) => [name, names]));
  const lack = (name: string) => {
    const names = missing.get(name) ?? [];
    return names.length === 0 ? undefined : `missing ${names.join(", ")}`;
  };
  const noNetwork = lack("cni");
  const without: Partial<Record<PlatformPart, string>> = {};
  for (const part of ["cni", "cloudProvider", "flux"] as const) {
    const reason = lack(part) ?? (noNetwork === undefined ? undefined : "its pods wait for Calico");
    if (reason !== undefined) without[part] = reason;
  }
  const suspended: Record<string, string> = {};
  const flux = parts.filter(({ owner }) => owner === "flux");
  // A part may wait for one that comes later in the list: again until nothing changes.
  for (let count = -1; count < Object.keys(suspended).length;) {
    count = Object.keys(suspended).length;
    for (const { name, dependsOn } of flux) {
      const waitsFor = dependsOn.find((each) => each in suspended);
      const reason = beyondMachines[name] ?? lack(name) ?? (waitsFor && `it waits for ${waitsFor}`);
      if (reason !== undefined) suspended[name] ??= reason;
    }
  }
  return { without, suspended };
}
