// The service worker of /.bartizan/: shows that a request for approval waits. It answers no requests and keeps nothing.

const PAGES = "/.bartizan/";

function messageOf(event) {
  try {
    return event.data?.json() ?? {};
  } catch {
    return {};
  }
}

self.addEventListener("push", (event) => {
  const { kind = "approval", title, body } = messageOf(event);
  const channel = new BroadcastChannel("bartizan");
  channel.postMessage({ approvals: 1 });
  channel.close();
  event.waitUntil(
    self.registration.showNotification(title ?? "Somebody asks for your approval", {
      body: body ?? "Open it to see who, and from where. If it is not you, refuse.",
      tag: kind,
      data: kind === "account" ? "account" : "approvals",
      renotify: true,
      requireInteraction: true,
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const page = PAGES + event.notification.data;
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const open = windows.find((client) => new URL(client.url).pathname === page);
      await (open ? open.focus() : self.clients.openWindow(page));
    })(),
  );
});
