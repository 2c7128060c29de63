// The service worker of /.bartizan/: shows that a request for approval waits. It answers no requests and keeps nothing.

const INBOX = "/.bartizan/approvals";

function messageOf(event) {
  try {
    return event.data?.json() ?? {};
  } catch {
    return {};
  }
}

self.addEventListener("push", (event) => {
  const { title, body } = messageOf(event);
  const channel = new BroadcastChannel("bartizan");
  channel.postMessage({ approvals: 1 });
  channel.close();
  event.waitUntil(
    self.registration.showNotification(title ?? "Somebody asks for your approval", {
      body: body ?? "Open it to see who, and from where. If it is not you, refuse.",
      tag: "approval",
      renotify: true,
      requireInteraction: true,
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      const inbox = windows.find((client) => new URL(client.url).pathname === INBOX);
      await (inbox ? inbox.focus() : self.clients.openWindow(INBOX));
    })(),
  );
});
