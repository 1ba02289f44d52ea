//! From bytes to the methods of a service and back. Each method adds little more than its decoding
//! and its encoding: tonic's machinery is compiled once for all of them, since it deals in bytes
//! here.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt as _};
use http::{Request, Response};
use prost::Message;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::server::{
    ClientStreamingService, Grpc, ServerStreamingService, StreamingService, UnaryService,
};
use tonic::{Status, Streaming};

use crate::codec::{BytesCodec, Count, Encodable, count, decode};
use crate::error::{is_hidden, with_causes};
use crate::owned;
use crate::{
    Call, Caller, Deadline, Handle, MAX_MESSAGE_BYTES, Method, PublicError, Requests, Responses,
    Validate, status,
};

/// What a server knows of a call beyond its message. The chassis implements it.
pub trait CallInfo: Send + Sync + 'static {
    /// Returns who calls.
    fn caller(&self) -> Caller;

    /// Returns until when the result is of use.
    fn deadline(&self) -> Deadline;

    /// Takes the text of an error that is hidden from the caller, for the log.
    fn note_cause(&self, text: String);
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Answers the calls of one method.
pub type MethodServer =
    Arc<dyn Fn(Arc<dyn CallInfo>, Request<Body>) -> BoxFuture<Response<Body>> + Send + Sync>;

/// The methods of one gRPC service, ready to be served. Made by generated code:
/// `order_service::server(orders)`.
#[derive(Clone)]
pub struct Server {
    name: &'static str,
    methods: Vec<(&'static str, MethodServer)>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods = self.methods.iter().map(|(method, _)| *method).collect::<Vec<_>>();
        f.debug_struct("Server").field("name", &self.name).field("methods", &methods).finish()
    }
}

impl Server {
    /// Begins with the full name of the service: `souk.orders.v1.OrderService`.
    pub fn new(name: &'static str) -> Self {
        Server { name, methods: Vec::new() }
    }

    /// Returns the full name of the service.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the methods by name.
    pub fn methods(self) -> impl Iterator<Item = (&'static str, MethodServer)> {
        self.methods.into_iter()
    }

    /// Adds a method with one request and one response.
    #[must_use]
    pub fn unary<M, Q, A, T>(self, method: &'static str, handlers: &Arc<T>) -> Self
    where
        M: Method<Input = Q, Output = A>,
        Q: Message + Default + Validate + Send + 'static,
        A: Message + 'static,
        T: Handle<M>,
    {
        let handlers = handlers.clone();
        self.add(method, count::<Q>, move |info| {
            let info = info.clone();
            let handlers = handlers.clone();
            Shape::Unary(Box::new(move |bytes| {
                let request = decode::<Q>(bytes);
                Box::pin(async move {
                    let call = call_of::<M>(&*info, Q::DOMAIN, request?)?;
                    let response = handlers.handle(call).await;
                    response.map(Encodable::new).map_err(|error| refuse(&*info, &error))
                })
            }))
        })
    }

    /// Adds a method that answers one request with a stream.
    #[must_use]
    pub fn server_streaming<M, Q, A, T>(self, method: &'static str, handlers: &Arc<T>) -> Self
    where
        M: Method<Input = Q, Output = Responses<A>>,
        Q: Message + Default + Validate + Send + 'static,
        A: Message + 'static,
        T: Handle<M>,
    {
        let handlers = handlers.clone();
        self.add(method, count::<Q>, move |info| {
            let info = info.clone();
            let handlers = handlers.clone();
            Shape::ServerStreaming(Box::new(move |bytes| {
                let request = decode::<Q>(bytes);
                Box::pin(async move {
                    let call = call_of::<M>(&*info, Q::DOMAIN, request?)?;
                    let responses = handlers.handle(call).await;
                    responses
                        .map_err(|error| refuse(&*info, &error))
                        .map(|responses| encoded(responses, info))
                })
            }))
        })
    }

    /// Adds a method that answers a stream of requests once.
    #[must_use]
    pub fn client_streaming<M, Q, A, T>(self, method: &'static str, handlers: &Arc<T>) -> Self
    where
        M: Method<Input = Requests<Q>, Output = A>,
        Q: Message + Default + Validate + Send + 'static,
        A: Message + 'static,
        T: Handle<M>,
    {
        let handlers = handlers.clone();
        self.add(method, count::<Q>, move |info| {
            let info = info.clone();
            let handlers = handlers.clone();
            Shape::ClientStreaming(Box::new(move |messages| {
                Box::pin(async move {
                    let call = call_of::<M>(&*info, Q::DOMAIN, Requests::new(messages))?;
                    let response = handlers.handle(call).await;
                    response.map(Encodable::new).map_err(|error| refuse(&*info, &error))
                })
            }))
        })
    }

    /// Adds a method that answers a stream of requests with a stream.
    #[must_use]
    pub fn bidi_streaming<M, Q, A, T>(self, method: &'static str, handlers: &Arc<T>) -> Self
    where
        M: Method<Input = Requests<Q>, Output = Responses<A>>,
        Q: Message + Default + Validate + Send + 'static,
        A: Message + 'static,
        T: Handle<M>,
    {
        let handlers = handlers.clone();
        self.add(method, count::<Q>, move |info| {
            let info = info.clone();
            let handlers = handlers.clone();
            Shape::BidiStreaming(Box::new(move |messages| {
                Box::pin(async move {
                    let call = call_of::<M>(&*info, Q::DOMAIN, Requests::new(messages))?;
                    let responses = handlers.handle(call).await;
                    responses
                        .map_err(|error| refuse(&*info, &error))
                        .map(|responses| encoded(responses, info))
                })
            }))
        })
    }

    fn add(
        mut self,
        method: &'static str,
        count: Count,
        shape: impl Fn(&Arc<dyn CallInfo>) -> Shape + Send + Sync + 'static,
    ) -> Self {
        self.methods.push((
            method,
            Arc::new(move |info, request| Box::pin(serve(count, shape(&info), request))),
        ));
        self
    }
}

/// Serves a call with tonic.
async fn serve(count: Count, shape: Shape, request: Request<Body>) -> Response<Body> {
    let mut grpc = Grpc::new(BytesCodec(count)).max_decoding_message_size(MAX_MESSAGE_BYTES);
    match shape {
        Shape::Unary(method) => grpc.unary(Erased(method), request).await,
        Shape::ServerStreaming(method) => grpc.server_streaming(Erased(method), request).await,
        Shape::ClientStreaming(method) => grpc.client_streaming(Erased(method), request).await,
        Shape::BidiStreaming(method) => grpc.streaming(Erased(method), request).await,
    }
}

/// Returns a call whose request reaches only what its caller may.
fn call_of<M: Method>(
    info: &dyn CallInfo,
    domain: &'static str,
    mut request: M::Input,
) -> Result<Call<M::Input>, Status> {
    let caller = info.caller();
    owned::check::<M>(&caller, domain, &mut request)?;
    Ok(Call { request, caller, deadline: info.deadline() })
}

fn encoded<A: Message + 'static>(
    responses: Responses<A>,
    info: Arc<dyn CallInfo>,
) -> EncodedStream {
    let encoded = responses.into_inner().map(move |response| match response {
        Ok(response) => Ok(Encodable::new(response)),
        Err(error) => Err(refuse(&*info, &*error)),
    });
    EncodedStream(Box::pin(encoded))
}

/// Turns the error of a method into a status. The text of one that is our fault is hidden; it goes
/// to the log of the request, with everything that caused it.
fn refuse(info: &dyn CallInfo, error: &dyn PublicError) -> Status {
    let code = error.refusal().code();
    if is_hidden(code) || code == tonic::Code::Unavailable {
        info.note_cause(with_causes(error));
    }
    status(error)
}

/// The messages of a stream, ready to be written.
struct EncodedStream(Pin<Box<dyn Stream<Item = Result<Encodable, Status>> + Send>>);

impl Stream for EncodedStream {
    type Item = Result<Encodable, Status>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(task)
    }
}

type Handler<Q, A> = Box<dyn FnOnce(Q) -> BoxFuture<Result<A, Status>> + Send>;

/// One call of a method, whatever its messages are.
enum Shape {
    Unary(Handler<Bytes, Encodable>),
    ServerStreaming(Handler<Bytes, EncodedStream>),
    ClientStreaming(Handler<Streaming<Bytes>, Encodable>),
    BidiStreaming(Handler<Streaming<Bytes>, EncodedStream>),
}

/// A method as tonic calls it.
struct Erased<Q, A>(Handler<Q, A>);

impl<Q: Send + 'static, A: Send + 'static> Erased<Q, A> {
    fn run(&mut self, request: tonic::Request<Q>) -> BoxFuture<Result<tonic::Response<A>, Status>> {
        let handler =
            std::mem::replace(&mut self.0, Box::new(|_| unreachable!("tonic calls a method once")));
        let answer = handler(request.into_inner());
        Box::pin(async move { answer.await.map(tonic::Response::new) })
    }
}

impl UnaryService<Bytes> for Erased<Bytes, Encodable> {
    type Response = Encodable;
    type Future = BoxFuture<Result<tonic::Response<Self::Response>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        self.run(request)
    }
}

impl ServerStreamingService<Bytes> for Erased<Bytes, EncodedStream> {
    type Response = Encodable;
    type ResponseStream = EncodedStream;
    type Future = BoxFuture<Result<tonic::Response<EncodedStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        self.run(request)
    }
}

impl ClientStreamingService<Bytes> for Erased<Streaming<Bytes>, Encodable> {
    type Response = Encodable;
    type Future = BoxFuture<Result<tonic::Response<Self::Response>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        self.run(request)
    }
}

impl StreamingService<Bytes> for Erased<Streaming<Bytes>, EncodedStream> {
    type Response = Encodable;
    type ResponseStream = EncodedStream;
    type Future = BoxFuture<Result<tonic::Response<EncodedStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        self.run(request)
    }
}

/// A call without a chassis: anonymous, without a deadline.
struct Unknown;

impl CallInfo for Unknown {
    fn caller(&self) -> Caller {
        Caller::Anonymous
    }

    fn deadline(&self) -> Deadline {
        Deadline::never()
    }

    fn note_cause(&self, _text: String) {}
}

/// Serves without a chassis: for fakes in tests, and beside other tonic servers.
impl tower::Service<Request<Body>> for Server {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().strip_prefix('/').and_then(|path| path.split_once('/'));
        let method = path.filter(|(service, _)| *service == self.name).map(|(_, method)| method);
        let method = self
            .methods
            .iter()
            .find(|(name, _)| Some(*name) == method)
            .map(|(_, server)| server.clone());
        Box::pin(async move {
            match method {
                Some(server) => Ok(server(Arc::new(Unknown), request).await),
                #[expect(clippy::disallowed_methods, reason = "there is no chassis here")]
                None => Ok(Status::unimplemented("no such method").into_http()),
            }
        })
    }
}
