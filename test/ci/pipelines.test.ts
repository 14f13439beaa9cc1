/**
 * What holds of both pipelines: nothing that others can exchange afterwards is run, and a change's own code never runs
 * beside a credential before somebody approved it. Not proven here: that the protected environments are set up on the
 * servers (docs/previews.md says how), and that a digest is of the version beside it.
 */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { githubJobs, gitlabJobs, root, type Job } from "./pipelines";

const jobs = [...githubJobs, ...gitlabJobs];
/** That the jobs run nothing of the change. */
function expectTargetBranch(github: Job | undefined, gitlab: Job | undefined): void {
  expect(github?.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@")).map((step) => step.with)).toEqual([
    expect.objectContaining({ ref: "${{ github.event.pull_request.base.sha }}" }),
  ]);
  expect(gitlab?.commands[0]).toBe(
    'git fetch origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME" && git checkout --force FETCH_HEAD',
  );
}

const textOf = (file: string) => readFileSync(path.join(root, file), "utf8");

/** Jobs whose image has no digest on purpose, each with the reason. */
const withoutDigest: Readonly<Record<string, string>> = {
  "gitlab newest": "shows what the newest Node breaks; it has no secret, and what it makes is thrown away",
};

describe("actions", () => {
  it("are pinned by commit, with the version beside it", () => {
    const lines = readdirSync(path.join(root, ".github/workflows"))
      .flatMap((file) => textOf(`.github/workflows/${file}`).split("\n"))
      .filter((line) => /\buses:/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("of one name are of one version", () => {
    const pins = githubJobs.flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []));
    const names = [...new Set(pins)].map((pin) => pin.split("@")[0]);
    expect(names).toEqual([...new Set(names)]);
  });
});

describe("images", () => {
  it("are pinned by digest, but for those that are named with a reason", () => {
    const floating = gitlabJobs.filter(({ image }) => !/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/.test(image));
    expect(floating.map(({ name }) => name)).toEqual(Object.keys(withoutDigest));
  });
});

describe("Node's versions", () => {
  const supported = ["20.20", "22", "24", "26"];

  it("are checked and tested, each of them, by both systems", () => {
    expect(textOf(".github/workflows/ci.yml")).toContain(`node: ${JSON.stringify(supported).replace(/,/g, ", ")}`);
    const images = gitlabJobs.filter(({ commands }) => commands.includes("npm test")).map(({ image }) => image);
    expect(images.map((image) => /^node:([\d.]+)-/.exec(image)?.[1])).toEqual(["20.20.2", "22", "24", "26"]);
  });

  it("are those that README and package.json promise", () => {
    expect(textOf("README.md")).toContain("Node 20.20 or newer (20, 22, 24, 26)");
    expect((JSON.parse(textOf("package.json")) as { engines: object }).engines).toEqual({ node: ">=20.20" });
  });
});

describe("credentials", () => {
  /** Whatever logs in to the cloud, reads the state or opens it. */
  const credential = /secrets\.|PULUMI_CONFIG_PASSPHRASE|OS_APPLICATION_CREDENTIAL|pulumi preview|promotion --/;

  it("are given to jobs of a protected environment alone, one for each stack", () => {
    const holders = jobs.filter(({ text }) => credential.test(text));
    expect(holders.map(({ name, environment }) => ({ name, environment }))).toEqual([
      { name: "github ci.yml plan", environment: "preview-${{ matrix.stack }}" },
      { name: "github ci.yml promotion", environment: "preview-dev" },
      { name: "gitlab plan", environment: "preview/$STACK" },
      { name: "gitlab promotion", environment: "preview/dev" },
    ]);
  });

  it("never reach a fork", () => {
    const conditions = jobs.filter(({ environment }) => environment !== undefined).map(({ condition }) => condition);
    const github: unknown = expect.stringContaining(
      "github.event.pull_request.head.repo.full_name == github.repository",
    );
    const main: unknown = expect.stringContaining("github.event_name == 'push' && github.ref == 'refs/heads/main'");
    const gitlab: unknown = expect.stringContaining("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID");
    expect(conditions).toEqual([github, github, main, gitlab, gitlab]);
    expect(textOf(".github/workflows/ci.yml")).not.toContain("pull_request_target");
  });

  it("are not left behind by the checkout, nor by a cache that other jobs write", () => {
    const holders = (all: readonly Job[]) => all.filter(({ text }) => credential.test(text));
    for (const { steps } of holders(githubJobs)) {
      const inputs = Object.assign({}, ...steps.map((step) => step.with ?? {})) as Record<string, unknown>;
      expect(inputs).toMatchObject({ "persist-credentials": false, "package-manager-cache": false });
    }
    expect(holders(gitlabJobs).filter(({ text }) => text.includes('"cache"'))).toEqual([]);
  });

  it("of the repository itself can read only, but for the jobs that comment and publish the site", () => {
    const rights = Object.fromEntries(githubJobs.map(({ name, permissions }) => [name, permissions]));
    const { "github ci.yml comment": comment, "github ci.yml pages": pages, ...others } = rights;
    expect(pages).toEqual({ pages: "write", "id-token": "write" });
    expect(comment).toEqual({ contents: "read", "pull-requests": "write" });
    expect(Object.values(others)).toEqual(Object.values(others).map(() => ({ contents: "read" })));
  });
});

describe("the gate", () => {
  const [github, gitlab] = jobs.filter(({ commands }) => commands.some((line) => line.includes("consequences --")));

  it("is the target branch's code, with the target branch's allowances", () => {
    expectTargetBranch(github, gitlab);
    for (const job of [github, gitlab]) expect(job?.commands.at(-1)).toMatch(/plan\S*\.json --allowed-in Pulumi\./);
  });

  it("holds no credential", () => {
    expect([github?.environment, gitlab?.environment]).toEqual([undefined, undefined]);
  });
});

describe("the promotion", () => {
  const [github, gitlab] = jobs.filter(({ commands }) => commands.some((line) => line.includes("promotion --")));

  it("is judged by the target branch's code and settings, of which the whole history is there", () => {
    expectTargetBranch(github, gitlab);
    expect(github?.text).toContain('"fetch-depth":0');
    expect(gitlab?.text).toContain('"GIT_DEPTH":0');
    for (const job of [github, gitlab]) expect(job?.commands.at(-1)).toMatch(/promotion -- check prod --change \S+$/);
  });
});

describe("the comment", () => {
  const [github, gitlab] = jobs.filter(({ commands }) => commands.some((line) => line.includes("comment --")));

  it("is written by the target branch's code, from text that the change's job left", () => {
    expectTargetBranch(github, gitlab);
    for (const job of [github, gitlab])
      expect(job?.commands.at(-1)).toMatch(/comment -- reports\/dev\.txt reports\/prod\.txt --commit /);
  });

  it("shows each stack that is previewed, compared over the whole history", () => {
    const previews = jobs.filter(({ commands }) => commands.some((line) => line.includes("--report reports/")));
    expect(previews.map(({ text }) => /"fetch-depth":0|"GIT_DEPTH":0/.test(text))).toEqual([true, true]);
  });

  it("is not attempted for forks", () => {
    expect(github?.condition).toContain("github.event.pull_request.head.repo.full_name == github.repository");
    expect(gitlab?.condition).toContain("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID");
  });
});
