/** What the comment on a merge request says, whatever the change put into its reports. */
import { commentBody, marker } from "../../../scripts/comment/commentBody";

describe("the comment's body", () => {
  it("begins with the marker and shows each stack's report as it is", () => {
    const reports = [
      { stack: "dev", text: "Difference\n  1 to create\n\n" },
      { stack: "prod", text: "Difference\n  0 to create" },
    ];
    expect(commentBody(reports, "abc1234").split("\n")).toEqual([
      marker,
      "## What this change does",
      "",
      "Commit abc1234, compared with where it left the target branch, on a simulated OpenStack: no cloud was asked.",
      "",
      "### dev",
      "",
      "```text",
      "Difference",
      "  1 to create",
      "```",
      "",
      "### prod",
      "",
      "```text",
      "Difference",
      "  0 to create",
      "```",
      "",
    ]);
  });

  it("keeps whatever a report holds within its block", () => {
    const lines = commentBody([{ stack: "dev", text: "```\n@everyone ````` <img src=x>" }], "c").split("\n");
    expect(lines.slice(lines.indexOf("### dev") + 2)).toEqual([
      "``````text",
      "```",
      "@everyone ````` <img src=x>",
      "``````",
      "",
    ]);
  });

  it("cuts long reports at whole lines, says how many are missing, and stays below GitHub's limit", () => {
    const text = Array.from({ length: 3000 }, (_, line) => `line ${line} ${"x".repeat(40)}`).join("\n");
    const body = commentBody(
      ["a", "b", "c"].map((stack) => ({ stack, text })),
      "c",
    );
    expect(body.length).toBeLessThan(65_536);
    const shown = [...body.matchAll(/^line \d+ x{40}$/gm)].length / 3;
    expect(body.match(/^… \d+ more lines: the job's log has them all$/gm)).toEqual(
      Array(3).fill(`… ${3000 - shown} more lines: the job's log has them all`),
    );
  });
});
