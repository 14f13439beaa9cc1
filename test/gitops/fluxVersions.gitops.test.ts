/**
 * The Flux that these tests run beside the one that Pulumi installs: which controllers are of the same version, and
 * which are not because the Go module proxy does not offer what they need.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fluxVersion } from "../../src/platform/flux";
import { describeWith, toolFolder } from "./toolbox";

const bases = join(toolFolder("definitions"), "flux", "bases");

/** Where the pin of each controller stands that the tests run. */
const modules = {
  "helm-controller": "helm-controller",
  "kustomize-controller": "flux",
  "notification-controller": "notifications",
  "source-controller": "flux",
} as const;

/** Older than Flux's own, with the reason. Empty this when the proxy offers them. */
const behind: Readonly<Record<string, string>> = {
  "notification-controller v1.9.3": "1.9.4 is not to be had from the Go module proxy",
  "source-controller v1.9.3":
    "1.9.5 needs github.com/fluxcd/pkg/artifact 0.18.3, which the Go module proxy does not have",
};

const pinned = (module: string, controller: string) =>
  new RegExp(`github\\.com/fluxcd/${controller} (v[\\d.]+)`).exec(
    readFileSync(join(__dirname, "tools", module, "go.mod"), "utf8"),
  )?.[1];

describeWith([bases])("the Flux of these tests", () => {
  it("takes what a Flux is made of from the version that Pulumi installs", () => {
    expect(pinned("definitions", "flux2/v2")).toBe(`v${fluxVersion}`);
    expect(readdirSync(bases)).toEqual(expect.arrayContaining(Object.keys(modules)));
  });

  it("has the controllers of that version, but for those that are named with the reason", () => {
    const differences = Object.entries(modules).flatMap(([controller, module]) => {
      const kustomization = readFileSync(join(bases, controller, "kustomization.yaml"), "utf8");
      const shipped = /download\/(v[\d.]+)\//.exec(kustomization)?.[1];
      const run = pinned(module, controller);
      return run === shipped ? [] : [`${controller} ${String(run)}`];
    });
    for (const difference of differences)
      process.stderr.write(`NOT THE SAME: tests run ${difference}; ${behind[difference] ?? "no reason is known"}.\n`);
    expect(differences.sort()).toEqual(Object.keys(behind).sort());
  });
});
