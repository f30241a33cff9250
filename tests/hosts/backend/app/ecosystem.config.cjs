// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';

const ports = [3001, 3002, 3003];

module.exports = {
  apps: ports.map((port) => ({
    name: `node-${port}`,
    script: '/srv/app/server.mjs',
    env: { PORT: String(port), TLS_PORT: port === 3001 ? '3443' : '' },
    pmx: false,
    // The journal has the output already.
    out_file: '/dev/null',
    error_file: '/dev/null',
  })),
};
