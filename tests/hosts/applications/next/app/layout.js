// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of all pages.
export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
