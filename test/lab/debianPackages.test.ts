import { absentPackages } from "../../lab/debianPackages";

describe("packages that this host lacks", () => {
  it("are named, in the order in which they were asked for", () => {
    const names = ["no-such-package-b", "no-such-package-a"];
    expect(absentPackages(names)).toEqual(names);
  });
});
