/** Lines for what stands between. */

export const UPGRADE =
  'nginx: `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $http_host; proxy_read_timeout 75s;` HAProxy passes upgrades on in `mode http`, and wants `timeout tunnel 1h`.';

export const BUFFERING =
  'nginx: `proxy_buffering off; proxy_cache off; gzip off;` for this path, and no `proxy_ignore_headers X-Accel-Buffering`. HAProxy: `option http-no-delay`, and no compression of text/event-stream. Long polling works meanwhile.';

export const PANEL =
  'The network panel of the browser shows the status of the request to …/ws: 403 is the origin, 404 the path, 400, 426 or 502 a proxy.';
