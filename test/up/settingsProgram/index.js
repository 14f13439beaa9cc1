require("../../../scripts/typescript.js");
module.exports = require("./program.ts");
