/** The images and charts of a stack. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterConfig } from "../../src/config/clusterConfig";
import { kubernetesMinor } from "../../src/config/kubernetesMinors";
import { inParallel } from "../../src/engine/inParallel";
import { messageOf } from "../../src/engine/messageOf";
import { distinctCharts, renderChart } from "./charts";
import { formatReference, referenceOf } from "./imageReference";
import { imagesInObjects } from "./imagesInObjects";
import { startedImages } from "./startedImages";
import type { ChartUse, StackContent } from "./stackCharts";
import { runTool } from "./tools";

interface StackImage {
  /** Whole name, with its registry. */
  readonly image: string;
  /** Who runs it: a release, `kubeadm`, `gitops`, or the controller that starts it. */
  readonly usedBy: readonly string[];
}

export interface StackImages {
  /** By name. */
  readonly images: readonly StackImage[];
  /** Without repetition; none of a checkout. */
  readonly charts: readonly ChartUse[];
}

/** Errors: a chart is not in the folder or does not render, all of them at once; kubeadm is of another version. */
export async function stackImages(config: ClusterConfig, content: StackContent, charts: string): Promise<StackImages> {
  const kubeadm = await kubeadmImages(config);
  return { images: await contentImages(config, content, charts, kubeadm), charts: distinctCharts(content.charts) };
}

/** Images of what is applied, by name, and `kubeadm`'s. Errors: as `stackImages`. */
export async function contentImages(
  config: ClusterConfig,
  content: StackContent,
  charts: string,
  kubeadm: readonly string[] = [],
): Promise<StackImage[]> {
  const users = new Map<string, Set<string>>();
  const add = (user: string, images: readonly string[]) => {
    for (const image of images) users.set(image, (users.get(image) ?? new Set()).add(user));
  };
  add("kubeadm", kubeadm);
  add("gitops", imagesInObjects(content.objects));
  const scratch = mkdtempSync(join(tmpdir(), "charts-"));
  const failures: string[] = [];
  try {
    await inParallel(content.charts, async (use) => {
      try {
        const objects = await renderChart(use, charts, scratch, config.kubernetes.version);
        add(`release ${use.release}`, imagesInObjects(objects));
      } catch (error) {
        failures.push(`  ${use.release}: ${messageOf(error)}`);
      }
    });
  } finally {
    rmSync(scratch, { recursive: true });
  }
  if (failures.length > 0)
    throw new Error(["The charts of these releases do not render:", ...failures.sort()].join("\n"));
  add("started by a controller", startedImages([...users.keys()], content.objects));
  const images = [...users].map(([image, by]) => ({ image, usedBy: [...by].sort() }));
  return images.sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** What kubeadm runs itself, and the sandbox of containerd's configuration. */
async function kubeadmImages({ kubernetes }: ClusterConfig): Promise<string[]> {
  const version = `v${kubernetes.version}`;
  const found = (await runTool("kubeadm", ["version", "-o", "short"])).trim();
  // etcd's and CoreDNS's versions are built into kubeadm, patch by patch.
  if (found !== version)
    throw new Error(
      `kubeadm in PATH is ${found} but the stack has Kubernetes ${version}; put that one first: https://dl.k8s.io/release/${version}/bin/linux/amd64/kubeadm`,
    );
  const listed = await runTool("kubeadm", ["config", "images", "list", "--kubernetes-version", version]);
  const sandbox = `registry.k8s.io/pause:${kubernetesMinor(kubernetes.version).pause}`;
  return [...listed.trim().split("\n"), sandbox].map((image) => formatReference(referenceOf(image)));
}
