/** Serves the files of a folder over HTTP. Usage: node fileServer.js ADDRESS PORT FOLDER */
const { createReadStream, statSync } = require("node:fs");
const { createServer } = require("node:http");
const { join, normalize } = require("node:path");

const [address, port, folder] = process.argv.slice(2);

/**
 * The file that a path names, or its index.html when that is a folder. Paths cannot climb out: normalize resolves ".."
 * below "/".
 */
function fileOf(path) {
  const file = join(folder, normalize(join("/", decodeURIComponent(path))));
  return statSync(file).isDirectory() ? join(file, "index.html") : file;
}

createServer((request, response) => {
  try {
    const file = fileOf(new URL(request.url, "http://site").pathname);
    response.writeHead(200, { "content-length": statSync(file).size, "content-type": "application/octet-stream" });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  } catch {
    response.writeHead(404).end("not found\n");
  }
}).listen(Number(port), address);
