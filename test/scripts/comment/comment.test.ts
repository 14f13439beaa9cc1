/**
 * `npm run comment` as a child process against stand-ins of GitLab's and GitHub's APIs. They know what their
 * documentation says of these calls; the servers themselves were not asked.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { marker } from "../../../scripts/comment/commentBody";
import { githubApi, gitlabApi, type StandIn } from "./standIns";

jest.setTimeout(120_000);

const folder = mkdtempSync(path.join(tmpdir(), "comment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const report = path.join(folder, "dev.txt");

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function comment(text: string, environment: Readonly<Record<string, string>>): Promise<Ended> {
  writeFileSync(report, text);
  const args = ["-r", "./scripts/typescript.js", "scripts/comment.ts", report, "--commit", "abc1234"];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...environment } });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
    child.once("error", reject).once("close", (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}

describe.each([
  ["GitLab", gitlabApi],
  ["GitHub", githubApi],
])("the comment on %s", (_, start) => {
  let api: StandIn;
  beforeAll(async () => (api = await start()));
  afterAll(() => api.stop());

  it("is written once", async () => {
    expect(await comment("Difference\n  1 to create", api.environment)).toEqual({
      status: 0,
      stdout: "The comment is written.\n",
      stderr: "",
    });
    expect(api.comments).toEqual([{ id: 1, own: true, body: expect.stringContaining("  1 to create") as string }]);
  });

  it("is updated in place by the next pipeline, on whatever page it stands", async () => {
    for (let other = 0; other < 130; other++) api.add(false, `remark ${other}`);
    const { stdout } = await comment("Difference\n  2 to create", api.environment);
    expect(stdout).toBe("The comment is updated.\n");
    expect(api.comments).toHaveLength(131);
    const own = api.comments.filter((candidate) => candidate.own);
    expect(own).toEqual([{ id: 1, own: true, body: expect.stringContaining("  2 to create") as string }]);
    expect(own[0]?.body).not.toContain("  1 to create");
  });

  it("of somebody else that begins alike is left alone", async () => {
    api.comments.length = 0;
    api.add(false, `${marker}\nnot ours`);
    await comment("Difference", api.environment);
    expect(api.comments.map(({ own, body }) => ({ own, first: body.split("\n")[1] }))).toEqual([
      { own: false, first: "not ours" },
      { own: true, first: "## What this change does" },
    ]);
  });

  it("that the server refuses ends with 1 and the server's words, without the token", async () => {
    const refused = { ...api.environment, GITHUB_TOKEN: "another", COMMENT_TOKEN: "another" };
    const { status, stderr } = await comment("Difference", refused);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^GET \/\S+ was answered with 401: .*Bad credentials/);
    expect(stderr).not.toContain("another");
  });
});

describe("outside a merge request", () => {
  it.each([
    ["a variable is missing", { CI_API_V4_URL: "http://localhost" }, "CI_PROJECT_ID is not set"],
    [
      "the ref is a branch's",
      { GITHUB_ACTIONS: "true", GITHUB_REF: "refs/heads/main" },
      "GITHUB_REF is refs/heads/main, which is no pull request's.",
    ],
  ])("no comment is written: %s", async (_, environment, message) => {
    const { status, stderr } = await comment("Difference", environment);
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) as string });
  });
});
