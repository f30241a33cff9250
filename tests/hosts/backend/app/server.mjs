// SPDX-License-Identifier: GPL-3.0-or-later
// A small API that tells what reached it, so that a test can see what the edge did with a request.

import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';

const port = Number(process.env.PORT ?? 3001);
const processName = `node-${port}`;
const maxBodyBytes = 64 * 1024 * 1024;

let connections = 0;
let renderings = 0;

function sendJson(response, status, content, headers = {}) {
  const body = `${JSON.stringify(content)}\n`;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'X-Backend': processName,
    ...headers,
  });
  response.end(body);
}

function describe(request, bodyBytes) {
  return {
    process: processName,
    port,
    pid: process.pid,
    method: request.method,
    path: request.url,
    headers: request.headers,
    remote: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
    connection: request.socket.connectionNumber,
    http: request.httpVersion,
    body_bytes: bodyBytes,
  };
}

function answerPublic({ response, description }) {
  renderings += 1;
  sendJson(
    response,
    200,
    { ...description, rendered: new Date().toISOString(), rendering: renderings },
    { 'Cache-Control': 'public, max-age=60' },
  );
}

function answerStatus({ response, description, match }) {
  const status = Number(match[1]);
  if (status === 204 || status === 304) {
    response.writeHead(status, { 'X-Backend': processName });
    response.end();
    return;
  }
  sendJson(response, status, { ...description, status });
}

function answerSlowly({ response, description, query }) {
  const delay = Math.min(Number(query.get('ms') ?? 1000) || 0, 120_000);
  setTimeout(() => sendJson(response, 200, { ...description, delay }), delay);
}

function answerEvents({ response, query }) {
  const count = Number(query.get('count') ?? 10) || 10;
  let sent = 0;
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Backend': processName,
  });
  const sendEvent = () => {
    sent += 1;
    response.write(`id: ${sent}\ndata: ${JSON.stringify({ process: processName, event: sent })}\n\n`);
    if (sent >= count) {
      clearInterval(timer);
      response.end();
    }
  };
  const timer = setInterval(sendEvent, 500);
  response.on('close', () => clearInterval(timer));
  sendEvent();
}

function answerWithCookie({ response, description }) {
  sendJson(response, 200, description, { 'Set-Cookie': `session=${processName}; Path=/` });
}

function answerWithCookies({ response, description }) {
  const names = ['session', 'basket'];
  sendJson(response, 200, description, { 'Set-Cookie': names.map((name) => `${name}=1; Domain=backend.internal; Path=/app`) });
}

// What a login service says to an edge that asks: whose session a cookie is, if anybody's.
function answerVerify({ response, description }) {
  const user = /(?:^|; )session=(\w+)/.exec(description.headers.cookie ?? '')?.[1];
  sendJson(response, user ? 200 : 401, description, user ? { 'X-Auth-User': user } : {});
}

function answerAnything({ response, description }) {
  sendJson(response, 200, description);
}

// Most patterns look at the end of the path only, so that the same answers stand below any location of the edge.
// The status comes first: a cacheable path can answer an error too.
const routes = [
  [/\/status\/([2-5]\d\d)$/, answerStatus],
  [/^\/api\/public\//, answerPublic],
  [/\/slow$/, answerSlowly],
  [/\/sse$/, answerEvents],
  [/\/set-cookie$/, answerWithCookie],
  [/\/set-cookies$/, answerWithCookies],
  [/^\/verify$/, answerVerify],
  [/.*/, answerAnything],
];

function handle(request, response, bodyBytes) {
  const [path, search = ''] = request.url.split('?', 2);
  const query = new URLSearchParams(search);
  const description = describe(request, bodyBytes);
  for (const [pattern, answer] of routes) {
    const match = pattern.exec(path);
    if (match) {
      answer({ response, description, query, match });
      return;
    }
  }
}

function receive(request, response) {
  let bodyBytes = 0;
  request.on('data', (chunk) => {
    bodyBytes += chunk.length;
    if (bodyBytes > maxBodyBytes) request.destroy();
  });
  request.on('end', () => handle(request, response, bodyBytes));
}

function countConnection(socket) {
  connections += 1;
  socket.connectionNumber = connections;
}

// Longer than the edge keeps an idle connection: the edge closes first, and no request meets a closing socket.
const server = http.createServer({ keepAliveTimeout: 75_000 }, receive);
server.on('connection', countConnection);

// One of the processes speaks TLS too.
if (process.env.TLS_PORT) {
  const pair = { key: fs.readFileSync('/srv/tls/privkey.pem'), cert: fs.readFileSync('/srv/tls/fullchain.pem') };
  https
    .createServer({ ...pair, keepAliveTimeout: 75_000 }, receive)
    .on('secureConnection', countConnection)
    .listen(Number(process.env.TLS_PORT), '0.0.0.0');
}

const webSockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });

server.on('upgrade', (request, socket, head) => {
  if (!request.url.startsWith('/ws/')) {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on('message', (message, isBinary) => webSocket.send(message, { binary: isBinary }));
    webSocket.on('error', () => webSocket.terminate());
  });
});

server.listen(port, '0.0.0.0', () => console.log(`${processName} listens on port ${port}, process ${process.pid}`));

// PM2 stops with SIGINT, systemd with SIGTERM.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), 1000).unref();
  });
}
