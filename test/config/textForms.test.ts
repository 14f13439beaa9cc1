import { shapeAt, shapeOfCluster } from "../../src/config/shape";
import { inWantedForm } from "../../src/config/textForms";

const form = (path: (string | number)[], value: unknown) => inWantedForm(value, shapeAt(path, {}));

describe("the form that the schema wants", () => {
  it.each([
    ["a number from digits", ["nodePools", 0, "count"], "5", 5],
    ["a choice of numbers from digits", ["controlPlane", "replicas"], "3", 3],
    ["no number from words", ["nodePools", 0, "count"], "five", "five"],
    ["no number from a leading zero, which may be an id", ["nodePools", 0, "count"], "007", "007"],
    ["a boolean from its name", ["protect"], "false", false],
    ["no boolean from another word", ["protect"], "yes", "yes"],
    ["text from a number", ["os", "version"], 9, "9"],
    ["text from a boolean", ["tags", "spot"], true, "true"],
    ["a list from JSON", ["roll"], '["general"]', ["general"]],
    ["no list from broken JSON", ["roll"], '["general"', '["general"'],
    [
      "a section from JSON, with the forms of its keys",
      ["kubernetes"],
      '{"maxPodsPerNode":"64"}',
      { maxPodsPerNode: 64 },
    ],
    [
      "an endpoint by its kind",
      ["apiEndpoint"],
      { kind: "virtualIp", virtualRouterId: "7" },
      { kind: "virtualIp", virtualRouterId: 7 },
    ],
    ["nothing of an endpoint without a kind", ["apiEndpoint"], { port: "7" }, { port: "7" }],
    ["null as it is", ["image"], null, null],
  ] as const)("makes %s", (_, path, value, expected) => {
    expect(form([...path], value)).toEqual(expected);
  });

  it("leaves unknown keys for the schema to refuse", () => {
    expect(inWantedForm({ autoscaling: "5", image: 1 }, shapeOfCluster())).toEqual({ autoscaling: "5", image: "1" });
  });
});
