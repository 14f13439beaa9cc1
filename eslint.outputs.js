const { ESLintUtils } = require("@typescript-eslint/utils");

/**
 * What Pulumi carries unharmed through outputs and inputs: plain data. Its SDK copies every object by its own keys, so
 * that a Map, a Set, a Date or an object of a class arrives as `{}` or without its methods, and the engine never sees
 * functions at all. TypeScript notices none of it. Here the type of every call that gives an Output is looked into, and
 * so is what a resource is created with.
 */
const rule = ESLintUtils.RuleCreator.withoutDocs({
  meta: {
    type: "problem",
    messages: {
      lost: "{{type}} does not survive outputs: Pulumi copies objects by their own keys. Use a plain object or a list.",
    },
    schema: [],
  },
  defaultOptions: [],
  create(context) {
    const services = ESLintUtils.getParserServices(context);
    const checker = services.program.getTypeChecker();

    /** Whether the type is a class of that name of the SDK, or one derived from it. */
    const isClass = (type, name) =>
      type.symbol?.name === name ||
      (type.isClassOrInterface() ? type.getBaseTypes() : [])?.some((base) => isClass(base, name));
    /** `OutputInstance<T>`, which every Output is, whatever else it is. */
    const outputOf = (type) =>
      (type.isIntersection() ? type.types : [type]).find(({ symbol }) => symbol?.name === "OutputInstance");

    /** Name of the first type within `type` that is more than data; undefined where there is none. */
    function lostIn(type, seen = new Set()) {
      if (seen.has(type)) return undefined;
      seen.add(type);
      const within = (types) => {
        for (const one of types) {
          const lost = lostIn(one, seen);
          if (lost !== undefined) return lost;
        }
        return undefined;
      };
      const output = outputOf(type);
      if (output !== undefined) return within(checker.getTypeArguments(output));
      if (type.isUnion()) return within(type.types);
      if (checker.isArrayType(type) || checker.isTupleType(type)) return within(checker.getTypeArguments(type));
      if ((type.flags & objects) === 0 && !type.isIntersection()) return undefined;
      if (["Resource", "Asset", "Archive"].some((name) => isClass(type, name))) return undefined;
      if (type.getCallSignatures().length > 0) return checker.typeToString(type);
      if (type.symbol?.name === "Promise") return within(checker.getTypeArguments(type));
      const properties = type.getProperties().map((property) => checker.getTypeOfSymbol(property));
      const isMethod = (one) => outputOf(one) === undefined && one.getCallSignatures().length > 0;
      if (properties.some(isMethod)) return checker.typeToString(type);
      return within([...properties, ...checker.getIndexInfosOfType(type).map((info) => info.type)]);
    }

    function check(node, type) {
      const lost = lostIn(type);
      if (lost !== undefined) context.report({ node, messageId: "lost", data: { type: lost } });
    }

    return {
      CallExpression(node) {
        const type = services.getTypeAtLocation(node);
        if (outputOf(type) !== undefined)
          check(node.callee.type === "MemberExpression" ? node.callee.property : node.callee, type);
      },
      // Components get what their constructor likes; what they hand to Pulumi, `super` does.
      NewExpression(node) {
        const type = services.getTypeAtLocation(node);
        if (!isClass(type, "CustomResource")) return;
        const [, properties] = node.arguments;
        if (properties !== undefined) check(properties, services.getTypeAtLocation(properties));
      },
    };
  },
});

/** ts.TypeFlags.Object */
const objects = 524288;

module.exports = {
  files: ["src/**/*.ts"],
  plugins: { outputs: { rules: { "plain-data": rule } } },
  rules: { "outputs/plain-data": "error" },
};
