/**
 * Where the platform's pods run that could take over the cluster, with every choice and every chart that can be had.
 * Not seen: accounts that a program makes when it runs (the operators of Calico and Trident do).
 */
import type { KubernetesObject } from "./live/kubectl";
import { type PodSpec, powersByAccount, workloads } from "./powers";
import { renderedPlatformNeeds, renderPlatform, type RenderedPlatform } from "./renderedPlatform";
import { describeWith } from "./toolbox";

jest.setTimeout(900_000);

const controlPlane = "node-role.kubernetes.io/control-plane";

/** What has such powers and runs on workers all the same, and why. */
const onWorkers: Readonly<Record<string, string>> = {
  "ingress-nginx/ingress-nginx": "it carries the tenants' traffic, and is there by choice only (docs/gitops.md)",
};

describeWith(renderedPlatformNeeds)("the platform's pods", () => {
  let platform: RenderedPlatform;

  beforeAll(() => {
    platform = renderPlatform();
  });

  it("run on the control plane where their account could take over the cluster", () => {
    const powers = powersByAccount(platform.objects);
    const powerful = workloads(platform.objects).filter(
      ({ object, account }) => powers.has(account) && !isOfRemoval(object),
    );
    const elsewhere = powerful.filter(({ spec }) => !isOnControlPlane(spec));
    const shown = elsewhere.map(
      ({ object, account }) =>
        [account, `${String(object.kind)} ${object.metadata.name}`, ...(powers.get(account) ?? [])] as const,
    );
    // Those of the charts that are always there; others come with OPENSTACK_KUBERNETES_CHARTS.
    expect([...new Set(powerful.map(({ account }) => account))]).toEqual(
      expect.arrayContaining([
        "cert-manager/cert-manager",
        "cert-manager/cert-manager-cainjector",
        "envoy-gateway-system/envoy-gateway",
        "kyverno/kyverno-admission-controller",
      ]),
    );
    expect(shown.filter(([account]) => !(account in onWorkers))).toEqual([]);
  });
});

/** A hook that Helm runs while it takes the release away. */
const isOfRemoval = ({ metadata }: KubernetesObject) =>
  /^(pre|post)-delete$/.test(metadata.annotations?.["helm.sh/hook"] ?? "");

function isOnControlPlane({ nodeSelector = {}, tolerations = [], affinity }: PodSpec): boolean {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const held =
    controlPlane in nodeSelector ||
    (terms.length > 0 &&
      terms.every(({ matchExpressions }) => matchExpressions?.some(({ key }) => key === controlPlane)));
  return held && tolerations.some(({ key }) => key === undefined || key === controlPlane);
}
