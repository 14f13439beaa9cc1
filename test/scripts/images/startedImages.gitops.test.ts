/**
 * The images that controllers start, against the sources of those controllers. Not compared: digests of Flux's images
 * and the sidecars of Trident, whose sources the Go module proxy does not have for this Go.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { otherRepositories, starters } from "../../../scripts/images/startedImages";
import { describeWith, toolFolder } from "../../gitops/toolbox";

const calico = join(toolFolder("controllers"), "calico.go");
const bases = join(toolFolder("definitions"), "flux", "bases");
const envoyGateway = join(toolFolder("definitions"), "envoy-gateway.go");
const snapshots = join(toolFolder("snapshots"), "manifests/deploy/kubernetes/snapshot-controller");

const imagesOf = (name: string) => starters.find(({ controller }) => controller.endsWith(name))!.images;
const pin = (module: string, name: string) =>
  new RegExp(`${name} (v[\\d.]+)`).exec(
    readFileSync(join(__dirname, "../../gitops/tools", module, "go.mod"), "utf8"),
  )?.[1];

describeWith([calico, bases, envoyGateway, snapshots])("an image that a controller starts", () => {
  it("is of a controller whose source the tests have at the same version", () => {
    expect([
      starters.find(({ controller }) => controller.endsWith("tigera/operator"))?.version,
      starters.find(({ controller }) => controller.endsWith("envoyproxy/gateway"))?.version,
      otherRepositories.find(({ name }) => name === "external-snapshotter")?.tag,
    ]).toEqual([
      pin("controllers", "github.com/tigera/operator"),
      pin("definitions", "github.com/envoyproxy/gateway"),
      pin("snapshots", "github.com/kubernetes-csi/external-snapshotter/v8"),
    ]);
  });

  it("of Calico's is a component of its operator", () => {
    const components = [...readFileSync(calico, "utf8").matchAll(/Version: +"(.+)",\n\s+Image: +"(.+)"/g)].map(
      ([, version, name]) => `quay.io/calico/${String(name)}:${String(version)}`,
    );
    expect(imagesOf("tigera/operator").filter((image) => !components.includes(image))).toEqual([]);
  });

  it("of Envoy Gateway's is its default proxy", () => {
    const [, image] = /DefaultEnvoyProxyImage = "(.+)"/.exec(readFileSync(envoyGateway, "utf8")) ?? [];
    expect(imagesOf("envoyproxy/gateway")).toEqual([image]);
  });

  it("of Flux's is a controller of its version", () => {
    const shipped = readdirSync(bases).map((name) => {
      const text = readFileSync(join(bases, name, "kustomization.yaml"), "utf8");
      return `ghcr.io/fluxcd/${name}:${String(/download\/(v[\d.]+)\//.exec(text)?.[1])}`;
    });
    const started = imagesOf("flux-operator").map((image) => image.split("@")[0]);
    expect(started.filter((image) => !shipped.includes(String(image)))).toEqual([]);
  });

  it("of the snapshotter's manifests stands in them", () => {
    const named = readdirSync(snapshots).flatMap((file) =>
      [...readFileSync(join(snapshots, file), "utf8").matchAll(/image: (\S+)/g)].map(([, image]) => image),
    );
    expect(named).toEqual(otherRepositories.find(({ name }) => name === "external-snapshotter")?.images);
  });
});
