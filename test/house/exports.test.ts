/** Names that files export. Members of classes and of types are not looked at. */
import { modules } from "./modules";

describe("exports", () => {
  const all = modules();

  it("are used by another file each", () => {
    const used = new Set(
      all.flatMap((module) => [...module.used].flatMap(([file, names]) => [...names].map((name) => `${file} ${name}`))),
    );
    const unused = all.flatMap(({ file, exported }) =>
      exported.map((name) => `${file} ${name}`).filter((one) => !used.has(one) && !used.has(`${file} *`)),
    );
    expect(unused).toEqual([]);
  });

  it("have names of their own outside the tests: one that several rooms would use says its room", () => {
    const places = new Map<string, string[]>();
    for (const { file, exported } of all.filter((module) => !module.file.startsWith("test/")))
      for (const name of file === "simulation/index.ts" ? [] : exported)
        places.set(name, [...(places.get(name) ?? []), file]);
    expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
  });
});
