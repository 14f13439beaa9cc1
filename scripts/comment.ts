/** `npm run comment -- reports/dev.txt`: shows previews as a comment of the merge request, updated in place. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { commentBody, marker } from "./comment/commentBody";
import { mergeRequestOf } from "./comment/mergeRequest";
import { runCommand } from "./runCommand";

async function comment(files: readonly string[], { commit }: { readonly commit: string }): Promise<void> {
  const reports = files.map((file) => ({ stack: path.parse(file).name, text: readFileSync(file, "utf8") }));
  const body = commentBody(reports, commit);
  const mergeRequest = mergeRequestOf(process.env);
  const own = (await mergeRequest.ownComments()).find((candidate) => candidate.body.startsWith(marker));
  if (own === undefined) await mergeRequest.create(body);
  else await mergeRequest.update(own.id, body);
  process.stdout.write(`The comment is ${own === undefined ? "written" : "updated"}.\n`);
}

void runCommand(
  new Command("npm run comment --")
    .description("Writes previews into a comment of the merge request whose pipeline this is, or updates that comment.")
    .argument("<file...>", "what `npm run preview -- <stack> --report <stack>.txt` wrote, a file for each stack")
    .requiredOption("--commit <hash>", "the change's newest commit, to be named in the comment")
    .addHelpText("after", "\nExit code: 0 done; 1 a file, a variable or the server is at fault; 2 wrong usage.")
    .action(comment),
);
