/** `npm run images -- <verb> <stack>`: the images and charts of a stack, for sites that do not reach the Internet. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { counted } from "../src/config/counted";
import { parseClusterConfig } from "../src/config/parse";
import { readStackFile } from "../src/config/stackFile";
import { archiveName, distinctCharts, isLocal, pullChart } from "./images/charts";
import { ImageFolder } from "./images/imageFolder";
import { referenceOf, type ImageReference } from "./images/imageReference";
import { outcomesOf, renderOutcomes, type ImageOutcome } from "./images/outcome";
import { SiteRegistries } from "./images/siteRegistries";
import { stackContent, withUpstreamCharts, type ChartUse, type StackContent } from "./images/stackCharts";
import { stackImages, type StackImages } from "./images/stackImages";
import { assertTools } from "./images/tools";
import { assertSilentNpm, filePath, runCommand } from "./runCommand";

interface Options {
  readonly config?: string;
  readonly from?: string;
  readonly json?: true;
}

const root = join(__dirname, "..");
const say = (line: string) => process.stderr.write(`${line}\n`);

function read(stack: string, options: Options) {
  const { values, problems } = readStackFile(options.config ?? join(root, `Pulumi.${stack}.yaml`));
  return parseClusterConfig(values, stack, { problems });
}

/** Calls `use` with a folder that has the charts of `folder` and is gone afterwards. */
async function withCharts<T>(folder: ImageFolder | undefined, use: (charts: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), "images-"));
  try {
    if (folder !== undefined && existsSync(folder.charts)) cpSync(folder.charts, scratch, { recursive: true });
    return await use(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

const chartName = (chart: ChartUse) => `chart ${chart.chart} ${chart.version}`;

/** Fetches the charts that are absent from the folder. */
function fetchCharts(content: StackContent, folder: string, isPlain: (chart: ChartUse) => boolean) {
  return outcomesOf(distinctCharts(content.charts), chartName, async (chart) => {
    await pullChart(chart, folder, isPlain(chart));
    return undefined;
  });
}

/** Which charts a folder has, where nothing may be fetched. */
function lookForCharts(content: StackContent, folder: string) {
  return outcomesOf(distinctCharts(content.charts), chartName, (chart) =>
    Promise.resolve(existsSync(join(folder, archiveName(chart))) ? undefined : "missing in the folder"),
  );
}

function assertAllThere(outcomes: readonly ImageOutcome[], remedy: string): void {
  const absent = outcomes.filter(({ problem }) => problem !== undefined);
  if (absent.length > 0)
    throw new Error([remedy, ...absent.map(({ name, problem }) => `  ${name}: ${String(problem)}`)].join("\n"));
}

/** The list by upstream's charts. Those absent from the folder are fetched, unless the folder is what people have. */
async function listed(stack: string, options: Options, charts: string): Promise<StackImages> {
  const config = withUpstreamCharts(read(stack, options));
  const content = await stackContent(config, root);
  const outcomes =
    options.from === undefined ? await fetchCharts(content, charts, () => false) : await lookForCharts(content, charts);
  assertAllThere(outcomes, "Without these charts there is no list of images:");
  return stackImages(config, content, charts);
}

const folderOf = (path: string | undefined) => (path === undefined ? undefined : new ImageFolder(resolve(path)));

async function list(stack: string, options: Options): Promise<void> {
  if (options.json === true) assertSilentNpm(`images -- list ${stack} --json`);
  assertTools(["flux", "helm", "kubeadm"]);
  const { images, charts } = await withCharts(folderOf(options.from), (folder) => listed(stack, options, folder));
  const lines = [
    ...images.map(({ image, usedBy }) => `${image}  (${usedBy.join(", ")})`),
    ...charts.map((chart) => `${chartName(chart)}  (${chart.source})`),
  ];
  const document = { images, charts: charts.map(({ chart, version, source }) => ({ chart, version, source })) };
  process.stdout.write(options.json === true ? `${JSON.stringify(document)}\n` : `${lines.join("\n")}\n`);
}

async function pull(stack: string, options: Options & { readonly to: string }): Promise<void> {
  assertTools(["crane", "flux", "helm", "kubeadm"]);
  const folder = new ImageFolder(resolve(options.to));
  const { images, charts } = await listed(stack, options, folder.charts);
  const pulled = await outcomesOf(
    images,
    ({ image }) => image,
    async ({ image }) => {
      await folder.pull(referenceOf(image));
      return undefined;
    },
  );
  report(`images are in ${folder.folder}, with ${counted(charts.length, "chart")}`, pulled);
}

async function push(stack: string, options: Options): Promise<void> {
  assertTools(["crane", "flux", "helm", "kubeadm", "tar"]);
  const folder = folderOf(options.from);
  const site = new SiteRegistries(read(stack, options));
  const targets = await stackContent(read(stack, options), root);
  const outcomes = await withCharts(folder, async (archives) => {
    const { images } = await listed(stack, options, archives);
    site.assertMirrors(images.map(({ image }) => referenceOf(image)));
    return [
      ...(await outcomesOf(
        images,
        ({ image }) => image,
        ({ image }) => site.pushImage(referenceOf(image), folder),
      )),
      ...(await outcomesOf(distinctCharts(targets.charts), chartName, (chart) => site.pushChart(chart, archives))),
    ];
  });
  report("are in the registry", outcomes);
}

async function verify(stack: string, options: Options): Promise<void> {
  assertTools(["crane", "flux", "helm", "kubeadm", ...(options.from === undefined ? [] : (["tar"] as const))]);
  const config = read(stack, options);
  const folder = folderOf(options.from);
  const site = new SiteRegistries(config);
  const content = await stackContent(config, root);
  const outcomes = await withCharts(folder, async (archives) => {
    const charts = await outcomesOf(distinctCharts(content.charts), chartName, (chart) =>
      site.verifyChart(chart, folder?.charts),
    );
    const fetched = await fetchCharts(content, archives, (chart) => site.isPlain(chart));
    const had = new Set(fetched.filter(({ problem }) => problem === undefined).map(({ name }) => name));
    const known = content.charts.filter((chart) => isLocal(chart) || had.has(chartName(chart)));
    if (known.length < content.charts.length)
      say("The images of charts that are missing are not known and not looked for.");
    const { images } = await stackImages(config, { ...content, charts: known }, archives);
    return [
      ...(await outcomesOf(
        images,
        ({ image }) => image,
        ({ image }) => verifyOne(referenceOf(image), folder, site),
      )),
      ...charts,
    ];
  });
  report("are there", outcomes);
}

async function verifyOne(image: ImageReference, folder: ImageFolder | undefined, site: SiteRegistries) {
  const found = folder?.find(image);
  return site.verifyImage(image, found === undefined ? undefined : await folder?.digest(found));
}

function report(done: string, outcomes: readonly ImageOutcome[]): void {
  process.stdout.write(`${renderOutcomes(done, outcomes)}\n`);
  if (outcomes.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

const command = new Command("npm run images --").description(
  "Lists the images and charts of a stack, keeps them in a folder, fills the site's registry and says what it lacks.",
);

function verb(name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .argument("<stack>", "name of the stack; its configuration is Pulumi.<stack>.yaml")
    .option("--config <file>", "read this stack file instead", filePath);
}

const folderOption = "folder that `pull` filled, or one of OCI archives at the same places";
verb("list", "Prints every image and chart, by name.")
  .option("--from <folder>", `take charts out of a ${folderOption}`, filePath)
  .option("--json", "print one JSON document on one line")
  .action(list);
verb("pull", "Fetches all of them from upstream.")
  .requiredOption("--to <folder>", "folder to fill", filePath)
  .action(pull);
verb("push", "Fills the registries that the stack names: registryMirrors and platform.chartRegistry.")
  .option("--from <folder>", `${folderOption}; without it they come from upstream`, filePath)
  .action(push);
verb("verify", "Says which of them the registries of the stack lack, or have with another digest.")
  .option("--from <folder>", `compare with a ${folderOption}`, filePath)
  .action(verify);
command.addHelpText(
  "after",
  "\nExit code: 0 all is there, 1 something is missing or could not be asked, 2 wrong usage.",
);

void runCommand(command);
