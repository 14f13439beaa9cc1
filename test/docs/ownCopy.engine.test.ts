/** `pulumi new` of the guide about one's own copy, with Pulumi's real command line: no plugin, no network. */
import { engine } from "../../lab/openstack/engine";
import { describeUnless } from "../describeUnless";
import { engineObstacle } from "../realEngine/installedEngine";
import { examples } from "./guides";
import { OwnCopy } from "./ownCopy";

jest.setTimeout(120_000);

const ours = examples("own-copy").filter(({ marker }) => marker === "test/docs/ownCopy.engine.test.ts");

describeUnless(engineObstacle([]), "pulumi new", () => {
  const copy = new OwnCopy(`pulumi() { ${engine} "$@"; }`);

  afterAll(() => copy.remove());

  it.each(ours)("prints what it shows: $name", (example) => {
    expect(copy.run(example)).toBeUndefined();
  });

  it("is a copy with the history of the project then, and its file as the project has it", () => {
    const { log, file } = copy.state("copied", "Pulumi.yaml");
    expect(log).toEqual(["v1.0.0"]);
    expect(file).toBe(copy.state("openstack-kubernetes", "Pulumi.yaml").file);
  });
});
