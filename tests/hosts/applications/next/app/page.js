// SPDX-License-Identifier: GPL-3.0-or-later
// A page that is streamed: its first part is sent at once, the second one some seconds later.
import { headers } from "next/headers";
import { Suspense } from "react";

const SECONDS = 8;

async function Slow() {
  const sent = await headers();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  return <p>second part for {sent.get("x-forwarded-proto")}</p>;
}

export default function Page() {
  return (
    <Suspense fallback={<p>first part</p>}>
      <Slow />
    </Suspense>
  );
}
