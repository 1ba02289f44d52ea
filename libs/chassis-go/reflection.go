package chassis

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	// The older version, which grpcurl before 1.8.8 asks for.
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

const (
	reflectionName      = "grpc.reflection.v1.ServerReflection"
	reflectionAlphaName = "grpc.reflection.v1alpha.ServerReflection"
)

// addReflection adds grpc.reflection v1 and v1alpha, so that grpcurl can list, describe and call what
// this process serves, and no more.
func addReflection(builtin, served []rpc) ([]rpc, error) {
	index := &reflection{names: []string{reflectionName, reflectionAlphaName}, files: &protoregistry.Files{}, types: &protoregistry.Types{}}
	for _, rpc := range append(slices.Clone(builtin), served...) {
		index.names = append(index.names, rpc.desc.ServiceName)
	}
	slices.Sort(index.names)
	for _, name := range index.names {
		service, err := describe(name)
		if err != nil {
			return nil, err
		}
		index.add(service.ParentFile())
	}
	// A client that prints a status asks for the messages of its details.
	index.add(errdetails.File_google_rpc_error_details_proto)
	// The two versions are the same but for their package.
	older := grpc.ServiceDesc{ServiceName: reflectionAlphaName, Streams: reflectionpb.ServerReflection_ServiceDesc.Streams}
	return append(builtin, rpc{&reflectionpb.ServerReflection_ServiceDesc, index}, rpc{&older, index}), nil
}

// reflection is what reflection tells.
type reflection struct {
	reflectionpb.UnimplementedServerReflectionServer
	names []string
	files *protoregistry.Files
	types *protoregistry.Types
}

// add adds a file and everything that it imports.
func (index *reflection) add(file protoreflect.FileDescriptor) {
	if _, err := index.files.FindFileByPath(file.Path()); err == nil || file.IsPlaceholder() {
		return
	}
	_ = index.files.RegisterFile(file)
	for at := range file.Extensions().Len() {
		found, err := protoregistry.GlobalTypes.FindExtensionByName(file.Extensions().Get(at).FullName())
		if err == nil {
			_ = index.types.RegisterExtension(found)
		}
	}
	for at := range file.Imports().Len() {
		index.add(file.Imports().Get(at).FileDescriptor)
	}
}

// ServerReflectionInfo answers each question.
func (index *reflection) ServerReflectionInfo(stream reflectionpb.ServerReflection_ServerReflectionInfoServer) error {
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		answer := index.answer(request)
		answer.ValidHost, answer.OriginalRequest = request.GetHost(), request
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
}

type reflectionAnswer = reflectionpb.ServerReflectionResponse

func (index *reflection) answer(request *reflectionpb.ServerReflectionRequest) *reflectionAnswer {
	switch asked := request.GetMessageRequest().(type) {
	case *reflectionpb.ServerReflectionRequest_ListServices:
		list := &reflectionpb.ListServiceResponse{}
		for _, name := range index.names {
			list.Service = append(list.Service, &reflectionpb.ServiceResponse{Name: name})
		}
		return &reflectionAnswer{MessageResponse: &reflectionpb.ServerReflectionResponse_ListServicesResponse{ListServicesResponse: list}}
	case *reflectionpb.ServerReflectionRequest_FileByFilename:
		file, _ := index.files.FindFileByPath(asked.FileByFilename)
		return index.file(file, asked.FileByFilename)
	case *reflectionpb.ServerReflectionRequest_FileContainingSymbol:
		return index.file(index.fileOf(asked.FileContainingSymbol), asked.FileContainingSymbol)
	case *reflectionpb.ServerReflectionRequest_FileContainingExtension:
		return index.extension(asked.FileContainingExtension)
	case *reflectionpb.ServerReflectionRequest_AllExtensionNumbersOfType:
		return index.extensions(asked.AllExtensionNumbersOfType)
	}
	return reflectionError(codes.InvalidArgument, "the request is empty")
}

func (index *reflection) extension(asked *reflectionpb.ExtensionRequest) *reflectionAnswer {
	name, number := protoreflect.FullName(asked.GetContainingType()), protoreflect.FieldNumber(asked.GetExtensionNumber())
	what := fmt.Sprintf("%s %d", name, number)
	found, err := index.types.FindExtensionByNumber(name, number)
	if err != nil {
		return index.file(nil, what)
	}
	return index.file(found.TypeDescriptor().ParentFile(), what)
}

func (index *reflection) extensions(of string) *reflectionAnswer {
	name := protoreflect.FullName(of)
	found, err := index.files.FindDescriptorByName(name)
	if _, isMessage := found.(protoreflect.MessageDescriptor); err != nil || !isMessage {
		return index.file(nil, of)
	}
	numbers := &reflectionpb.ExtensionNumberResponse{BaseTypeName: of}
	index.types.RangeExtensionsByMessage(name, func(extension protoreflect.ExtensionType) bool {
		numbers.ExtensionNumber = append(numbers.ExtensionNumber, int32(extension.TypeDescriptor().Number()))
		return true
	})
	return &reflectionAnswer{MessageResponse: &reflectionpb.ServerReflectionResponse_AllExtensionNumbersResponse{AllExtensionNumbersResponse: numbers}}
}

// fileOf returns the file of a symbol, which may also be a member: a method, a field, an enum's value.
func (index *reflection) fileOf(symbol string) protoreflect.FileDescriptor {
	for name := symbol; name != ""; name = name[:max(0, strings.LastIndexByte(name, '.'))] {
		if found, err := index.files.FindDescriptorByName(protoreflect.FullName(name)); err == nil {
			return found.ParentFile()
		}
	}
	return nil
}

// file answers a file with everything that it imports, so that no client must ask again.
func (index *reflection) file(file protoreflect.FileDescriptor, what string) *reflectionAnswer {
	if file == nil {
		return reflectionError(codes.NotFound, what+" is unknown")
	}
	found := &reflectionpb.FileDescriptorResponse{}
	seen := map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(one protoreflect.FileDescriptor) {
		if seen[one.Path()] || one.IsPlaceholder() {
			return
		}
		seen[one.Path()] = true
		bytes, err := proto.Marshal(protodesc.ToFileDescriptorProto(one))
		if err == nil {
			found.FileDescriptorProto = append(found.FileDescriptorProto, bytes)
		}
		for at := range one.Imports().Len() {
			add(one.Imports().Get(at).FileDescriptor)
		}
	}
	add(file)
	return &reflectionAnswer{MessageResponse: &reflectionpb.ServerReflectionResponse_FileDescriptorResponse{FileDescriptorResponse: found}}
}

func reflectionError(code codes.Code, message string) *reflectionAnswer {
	failed := &reflectionpb.ErrorResponse{ErrorCode: int32(code), ErrorMessage: message}
	return &reflectionAnswer{MessageResponse: &reflectionpb.ServerReflectionResponse_ErrorResponse{ErrorResponse: failed}}
}
