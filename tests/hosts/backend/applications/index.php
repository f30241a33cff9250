<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// Says what PHP learns about a request, and does what the query asks for: status, header[], seconds. It names itself in
// a header, which an edge must hide.
header('Server: Echo/1.0');
if (isset($_GET['seconds'])) {
    usleep((int) (1e6 * (float) $_GET['seconds']));
}
http_response_code((int) ($_GET['status'] ?? 200));
foreach ((array) ($_GET['header'] ?? []) as $line) {
    header($line);
}
if (!isset($_GET['empty'])) {
    echo json_encode([
        'script' => __FILE__,
        'server' => $_SERVER,
        'body' => md5(file_get_contents('php://input')),
        'once' => uniqid('', true),
    ]);
}
