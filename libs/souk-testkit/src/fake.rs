//! Upstreams that follow a script: real gRPC on a port of their own, answers as the test wants
//! them.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http_body_util::{BodyExt, Full};
use parking_lot::Mutex;
use prost::Message;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, body::Body, transport::Server};
use tonic_prost::ProstCodec;
use tower::Service;

type Reply = Pin<Box<dyn Future<Output = http::Response<Body>> + Send>>;
type Distortion = Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>;
type Method = Arc<dyn Fn(http::Request<Body>) -> Reply + Send + Sync>;

/// An upstream whose unary methods a test scripts one by one; the others answer UNIMPLEMENTED.
///
/// ```text
/// let catalog = Fake::start().await;
/// catalog.on("/souk.catalog.v1.CatalogService/GetPrice", |request: pb::GetPriceRequest| {
///     Ok(pb::GetPriceResponse { … })
/// });
/// // `catalog.url()` goes into the configuration of the service under test.
/// assert_eq!(inventory.calls("/souk.inventory.v1.InventoryService/CreateReservation"), 1);
/// ```
pub struct Fake {
    script: Script,
    server: FakeServer,
}

#[derive(Clone, Default)]
struct Script(Arc<Mutex<Scripted>>);

#[derive(Default)]
struct Scripted {
    methods: HashMap<String, Method>,
    distortions: HashMap<String, Distortion>,
    calls: HashMap<String, usize>,
}

impl Fake {
    /// Starts an upstream that knows no method yet.
    pub async fn start() -> Fake {
        let script = Script::default();
        let server = FakeServer::start(ScriptedServer(script.clone())).await;
        Fake { script, server }
    }

    /// Returns its address as a URL: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Answers a method, by its full path, from now on. A later script for the same method replaces
    /// this one.
    pub fn on<Q, A>(
        &self,
        path: &str,
        answer: impl Fn(Q) -> Result<A, Status> + Send + Sync + 'static,
    ) where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
    {
        self.on_async(path, move |request| std::future::ready(answer(request)));
    }

    /// Answers a method with a future: for upstreams that are slow, wait for the test, or look at
    /// something first.
    pub fn on_async<Q, A, F>(&self, path: &str, answer: impl Fn(Q) -> F + Send + Sync + 'static)
    where
        Q: Message + Default + 'static,
        A: Message + Default + 'static,
        F: Future<Output = Result<A, Status>> + Send + 'static,
    {
        let answer = Arc::new(answer);
        self.script.set(path, move |request| {
            let method =
                Unary { answer: answer.clone(), kind: std::marker::PhantomData::<fn(Q) -> A> };
            Box::pin(async move {
                tonic::server::Grpc::new(ProstCodec::default()).unary(method, request).await
            })
        });
    }

    /// Refuses every call of a method.
    pub fn fail(&self, path: &str, status: Status) {
        self.script.set(path, move |_| Box::pin(std::future::ready(status.clone().into_http())));
    }

    /// Never answers a method: the caller waits until its deadline.
    pub fn hang(&self, path: &str) {
        self.script.set(path, |_| Box::pin(std::future::pending()));
    }

    /// Lets a method do what its script says, and changes the response on its way back: another
    /// order, another amount.
    pub fn answer_changed<A>(&self, path: &str, change: impl Fn(&mut A) + Send + Sync + 'static)
    where
        A: Message + Default + 'static,
    {
        self.script.distort(path, move |answer| {
            let mut answer = A::decode(answer)
                .expect("the script answers with the message that is to be changed");
            change(&mut answer);
            answer.encode_to_vec()
        });
    }

    /// Lets a method do what its script says, and answers OK with an empty message.
    pub fn answer_nothing(&self, path: &str) {
        self.script.distort(path, |_| vec![]);
    }

    /// Lets a method do what its script says, and answers OK with bytes that are no message.
    pub fn answer_garbage(&self, path: &str) {
        self.script.distort(path, |_| vec![0xff; 16]);
    }

    /// Lets a method answer again as its script says.
    pub fn answer_truly(&self, path: &str) {
        self.script.0.lock().distortions.remove(path);
    }

    /// Returns how many calls of a method have arrived, answered or not.
    pub fn calls(&self, path: &str) -> usize {
        self.script.0.lock().calls.get(path).copied().unwrap_or(0)
    }

    /// Closes the port and every connection, as a dead process would.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

impl Script {
    fn set(
        &self,
        path: &str,
        method: impl Fn(http::Request<Body>) -> Reply + Send + Sync + 'static,
    ) {
        assert!(
            path.starts_with('/'),
            "the path of a method reads /package.Service/Method, not {path}"
        );
        self.0.lock().methods.insert(path.to_owned(), Arc::new(method));
    }

    fn distort(&self, path: &str, distortion: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) {
        self.0.lock().distortions.insert(path.to_owned(), Arc::new(distortion));
    }

    fn answer(&self, request: http::Request<Body>) -> Reply {
        let path = request.uri().path().to_owned();
        let mut scripted = self.0.lock();
        *scripted.calls.entry(path.clone()).or_default() += 1;
        let method = scripted.methods.get(&path).cloned();
        let distortion = scripted.distortions.get(&path).cloned();
        drop(scripted);
        match method {
            Some(method) => {
                let reply = method(request);
                match distortion {
                    Some(distortion) => {
                        Box::pin(async move { distorted(reply.await, &distortion).await })
                    }
                    None => reply,
                }
            }
            None => {
                let status = Status::unimplemented(format!("the test wrote no script for {path}"));
                Box::pin(std::future::ready(status.into_http()))
            }
        }
    }
}

/// A message on the wire: one byte that says it is not compressed, its length in four bytes, and
/// then itself.
const PREFIX: usize = 5;

/// Replaces the message of a response. A refusal has none, and stays as it is.
async fn distorted(reply: http::Response<Body>, distortion: &Distortion) -> http::Response<Body> {
    let (parts, body) = reply.into_parts();
    let answer = body.collect().await.expect("a scripted answer can be read");
    let trailers = answer.trailers().cloned();
    let bytes = answer.to_bytes();
    let Some(message) = bytes.get(PREFIX..) else {
        return http::Response::from_parts(parts, Body::empty());
    };
    let message = distortion(message);
    let mut frame = vec![0];
    frame.extend(u32::try_from(message.len()).expect("a test's answer is small").to_be_bytes());
    frame.extend(message);
    let body =
        Full::new(bytes::Bytes::from(frame)).with_trailers(std::future::ready(trailers.map(Ok)));
    http::Response::from_parts(parts, Body::new(body.map_err(|never: Infallible| match never {})))
}

struct Unary<H, K> {
    answer: Arc<H>,
    kind: std::marker::PhantomData<K>,
}

impl<H, F, Q, A> tonic::server::UnaryService<Q> for Unary<H, fn(Q) -> A>
where
    H: Fn(Q) -> F + Send + Sync + 'static,
    F: Future<Output = Result<A, Status>> + Send + 'static,
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
{
    type Response = A;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send>>;

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let answer = (self.answer)(request.into_inner());
        Box::pin(async move { answer.await.map(Response::new) })
    }
}

#[derive(Clone)]
struct ScriptedServer(Script);

impl Service<http::Request<Body>> for ScriptedServer {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let reply = self.0.answer(request);
        Box::pin(async move { Ok(reply.await) })
    }
}

/// A generated server on a port of its own: for upstreams that a test implements as a whole.
pub struct FakeServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl FakeServer {
    /// Serves one generated server, such as `InventoryServiceServer::new(mine)`.
    pub async fn start<S>(server: S) -> FakeServer
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let serving =
                Server::builder().serve_with_incoming(server, TcpListenerStream::new(listener));
            // Not a graceful end: a call in flight loses its reply, as it does when a process dies.
            tokio::select! {
                result = serving => result.expect("a loopback server does not fail"),
                _ = stopped => {}
            }
        });
        FakeServer { address, stop: Some(stop), task }
    }

    /// Returns its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::uri::PathAndQuery;
    use tonic::{Code, client::Grpc, transport::Endpoint};

    use super::*;

    const ECHO: &str = "/souk.test.v1.EchoService/Echo";

    // `()` is prost's empty message and `String` its wrapped string: no contract is needed to try
    // the wire.
    async fn call(fake: &Fake, text: &str, timeout: Duration) -> Result<String, Status> {
        let channel = Endpoint::from_shared(fake.url()).unwrap().connect_lazy();
        let mut grpc = Grpc::new(channel);
        grpc.ready().await.unwrap();
        let mut request = Request::new(text.to_owned());
        request.set_timeout(timeout);
        let codec = ProstCodec::<String, String>::default();
        grpc.unary(request, PathAndQuery::from_static(ECHO), codec).await.map(Response::into_inner)
    }

    #[tokio::test]
    async fn a_method_follows_its_latest_script() {
        let fake = Fake::start().await;
        let limit = Duration::from_secs(5);

        assert_eq!(call(&fake, "a", limit).await.unwrap_err().code(), Code::Unimplemented);
        fake.on(ECHO, |text: String| Ok(text + "!"));
        assert_eq!(call(&fake, "b", limit).await.unwrap(), "b!");
        fake.fail(ECHO, Status::unavailable("closed"));
        assert_eq!(call(&fake, "c", limit).await.unwrap_err().code(), Code::Unavailable);
        assert_eq!(fake.calls(ECHO), 3);
    }

    #[tokio::test]
    async fn an_answer_can_be_nothing_garbage_or_another_than_the_script_says() {
        let fake = Fake::start().await;
        let limit = Duration::from_secs(5);
        fake.on(ECHO, |text: String| Ok(text + "!"));
        fake.answer_nothing(ECHO);
        assert_eq!(call(&fake, "a", limit).await.unwrap(), "");
        fake.answer_garbage(ECHO);
        assert_eq!(call(&fake, "b", limit).await.unwrap_err().code(), Code::Internal);
        fake.answer_changed(ECHO, |answer: &mut String| answer.insert_str(0, "not "));
        assert_eq!(call(&fake, "c", limit).await.unwrap(), "not c!");
        fake.answer_truly(ECHO);
        assert_eq!(call(&fake, "d", limit).await.unwrap(), "d!");
        assert_eq!(fake.calls(ECHO), 4);

        // What is refused stays refused.
        fake.answer_nothing(ECHO);
        fake.fail(ECHO, Status::unavailable("closed"));
        assert_eq!(call(&fake, "e", limit).await.unwrap_err().code(), Code::Unavailable);
    }

    #[tokio::test]
    async fn a_hanging_method_leaves_the_caller_to_its_deadline() {
        let fake = Fake::start().await;
        fake.hang(ECHO);
        let status = call(&fake, "a", Duration::from_millis(20)).await.unwrap_err();
        assert!([Code::Cancelled, Code::DeadlineExceeded].contains(&status.code()), "{status}");
        assert_eq!(fake.calls(ECHO), 1);
    }

    #[tokio::test]
    async fn a_stopped_upstream_is_not_reachable() {
        let fake = Fake::start().await;
        fake.on(ECHO, |text: String| Ok(text));
        let url = fake.url();
        fake.stop().await;
        assert!(Endpoint::from_shared(url).unwrap().connect().await.is_err());
    }
}
