/** What is installed from outside: npm packages without running their scripts, Pulumi's CLI by its hash. */
import { createHash } from "node:crypto";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";

const root = path.join(__dirname, "../..");
const textOf = (file: string) => readFileSync(path.join(root, file), "utf8");

/** Packages that bring an install script, and what goes without it. */
const scripts: Readonly<Record<string, string>> = {
  "@parcel/watcher": "builds from source where no binary is shipped; jest watches files with it",
  "@pulumi/kubernetes": "downloads the plugin ahead of time; the engine does that when it needs it",
  "@swc/core": "takes a slower build where no binary is shipped",
  protobufjs: "warns of version ranges",
  "unrs-resolver": "looks whether its binary is there",
};

describe("npm packages", () => {
  const { packages } = JSON.parse(textOf("package-lock.json")) as {
    packages: Record<string, { hasInstallScript?: true; resolved?: string; integrity?: string }>;
  };

  it("are installed without running their scripts", () => {
    expect(textOf(".npmrc").split("\n")).toContain("ignore-scripts=true");
  });

  it("that bring a script are known, each with what goes without it", () => {
    const names = Object.entries(packages).flatMap(([folder, { hasInstallScript }]) =>
      hasInstallScript ? [folder.replace(/^.*node_modules\//, "")] : [],
    );
    expect(names.sort()).toEqual(Object.keys(scripts).sort());
  });

  it("are pinned by hash, and by no address", () => {
    const entries = Object.entries(packages).filter(([folder]) => folder !== "");
    expect(entries.filter(([, { integrity }]) => integrity === undefined).map(([folder]) => folder)).toEqual([]);
    expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  });
});

describe("Pulumi's CLI", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "install-pulumi-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const script = textOf("scripts/installPulumi.sh");

  const archive = path.join(folder, "archive.tar.gz");
  const asked = path.join(folder, "asked");
  for (const name of ["pulumi", "bin"]) mkdirSync(path.join(folder, name));
  writeFileSync(path.join(folder, "pulumi/pulumi"), "#!/bin/sh\n", { mode: 0o755 });
  execFileSync("tar", ["-czf", archive, "pulumi"], { cwd: folder });
  const curl = [
    "#!/bin/sh",
    'while [ "$1" != --output ]; do shift; done',
    `echo "$3" >>${asked}`,
    `cp ${archive} "$2"`,
  ].join("\n");
  writeFileSync(path.join(folder, "bin/curl"), curl, { mode: 0o755 });

  /** Runs the script where curl is a stand-in that brings an archive of ours, and notes what it was asked for. */
  function install(content: string) {
    rmSync(asked, { force: true });
    const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-c", content], {
      encoding: "utf8",
      env: { PATH: `${folder}/bin:${process.env.PATH ?? ""}`, PULUMI_HOME: path.join(folder, "home") },
    });
    return { status, stdout, stderr, downloads: existsSync(asked) ? readFileSync(asked, "utf8") : "" };
  }

  it("of another hash than the pinned one is not installed", () => {
    const { status, stdout, stderr, downloads } = install(script);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(
      /^pulumi-v[\d.]+-\S+ has the hash [0-9a-f]{64} instead of the pinned [0-9a-f]{64}: nothing is installed\.\n$/,
    );
    expect(downloads).toMatch(
      /^https:\/\/github\.com\/pulumi\/pulumi\/releases\/download\/(v[\d.]+)\/pulumi-\1-\S+\.tar\.gz\n$/,
    );
    expect(execFileSync("find", [path.join(folder, "home"), "-type", "f"], { encoding: "utf8" })).toBe("");
  });

  it("of the pinned hash is installed once, where the tests and the lab look for it", () => {
    const hash = createHash("sha256").update(readFileSync(archive)).digest("hex");
    const pinned = script.replace(/\b[0-9a-f]{64}\b/g, hash);
    const version = /v([\d.]+) linux-x64/.exec(script)?.[1] ?? "";
    const target = path.join(folder, "home/versions", version, "bin");
    expect(install(pinned)).toMatchObject({ status: 0, stdout: `${target}\n`, stderr: "" });
    expect(existsSync(path.join(target, "pulumi"))).toBe(true);
    expect(install(pinned)).toEqual({ status: 0, stdout: `${target}\n`, stderr: "", downloads: "" });
  });

  it("is pinned for every platform at one version, which Renovate finds", () => {
    const { customManagers } = JSON.parse(textOf("renovate.json")) as {
      customManagers: { depNameTemplate?: string; matchStrings: string[] }[];
    };
    const manager = customManagers.find(({ depNameTemplate }) => depNameTemplate === "pulumi/pulumi");
    const found = [...script.matchAll(new RegExp(manager?.matchStrings[0] ?? "$^", "g"))].map(({ groups }) => groups);
    expect(found).toHaveLength(4);
    expect(new Set(found.map((groups) => groups?.currentValue)).size).toBe(1);
  });
});
