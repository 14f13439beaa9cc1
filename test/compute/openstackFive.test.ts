/**
 * src compiles against major 5 of @pulumi/openstack too. The types are those of the installed major 3 with the
 * differences that openstackFive/ declares; the scheduled job (.ci/newest) compiles against the newest SDK itself.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as ts from "typescript";

const root = path.join(__dirname, "../..");
const standIn = path.join(__dirname, "openstackFive/index.d.ts");
const major3 = path.join(root, "src/major3.ts");
const onlyMajor3 = `
  import * as openstack from "@pulumi/openstack";
  new openstack.compute.ServerGroup("g", { policies: ["affinity"] });
  new openstack.compute.SecGroup("s");
`;
const usingTheSdk = ts.sys
  .readDirectory(path.join(root, "src"), [".ts"])
  .filter((file) => readFileSync(file, "utf8").includes('"@pulumi/openstack'));

/** A program of src and `onlyMajor3` where the SDK is the stand-in. */
function programOnMajor5(): ts.Program {
  const read = (file: string) => readFileSync(file, "utf8");
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.json"), read) as { config: Record<string, object> };
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noCheck: false, paths: { "@pulumi/openstack": [standIn] } },
    root,
  );
  const host = ts.createCompilerHost(options);
  host.readFile = (file) => (file === major3 ? onlyMajor3 : ts.sys.readFile(file));
  host.fileExists = (file) => file === major3 || ts.sys.fileExists(file);
  return ts.createProgram([...usingTheSdk, major3], options, host);
}

describe("major 5 of the OpenStack SDK", () => {
  let program: ts.Program;
  beforeAll(() => (program = programOnMajor5()));
  const errorsOf = (file: string) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => `${path.basename(file)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);

  it("compiles every file of src that uses the SDK", () => {
    expect(usingTheSdk.map((file) => path.relative(root, file))).toContain("src/compute/serverGroup.ts");
    expect(usingTheSdk.flatMap(errorsOf)).toEqual([]);
  });

  it("refuses what only major 3 knows", () => {
    expect(errorsOf(major3)).toEqual([
      "major3.ts: Type 'string[]' is not assignable to type 'Input<string | undefined>'.",
      "major3.ts: 'openstack.compute.SecGroup' is possibly 'undefined'.",
    ]);
  });
});
