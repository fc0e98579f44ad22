import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.FhirVersionEnum;
import ca.uhn.fhir.model.api.Include;
import ca.uhn.fhir.rest.annotation.ConditionalUrlParam;
import ca.uhn.fhir.rest.annotation.Create;
import ca.uhn.fhir.rest.annotation.IdParam;
import ca.uhn.fhir.rest.annotation.IncludeParam;
import ca.uhn.fhir.rest.annotation.OptionalParam;
import ca.uhn.fhir.rest.annotation.Read;
import ca.uhn.fhir.rest.annotation.ResourceParam;
import ca.uhn.fhir.rest.annotation.Search;
import ca.uhn.fhir.rest.annotation.Update;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.param.ReferenceParam;
import ca.uhn.fhir.rest.param.TokenParam;
import ca.uhn.fhir.rest.server.FifoMemoryPagingProvider;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.instance.model.api.IBase;
import org.hl7.fhir.instance.model.api.IBaseReference;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.instance.model.api.IPrimitiveType;

/** HAPI FHIR's plain server on a loopback port, with resources in memory: java HapiServer.java R4|R4B|R5. */
public class HapiServer {
  static final Map<String, Store> STORES = new LinkedHashMap<>();
  static FhirContext context;

  public static void main(String[] arguments) throws Exception {
    context = FhirContext.forVersion(FhirVersionEnum.valueOf(arguments[0]));
    RestfulServer fhir = new RestfulServer(context);
    for (String type : "Patient ServiceRequest ImagingStudy Practitioner PractitionerRole Encounter Task BodyStructure Condition Procedure Endpoint".split(" ")) {
      STORES.put(type, new Store(type));
    }
    fhir.setResourceProviders(STORES.values().toArray(new IResourceProvider[0]));
    FifoMemoryPagingProvider pages = new FifoMemoryPagingProvider(20);
    pages.setDefaultPageSize(10);
    pages.setMaximumPageSize(10);
    fhir.setPagingProvider(pages);
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    server.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("ready " + connector.getLocalPort());
    System.in.read(); // Whoever started this closes it.
    System.exit(0);
  }

  /** The resources of one type. */
  public static class Store implements IResourceProvider {
    final Map<String, IBaseResource> kept = new LinkedHashMap<>();
    final String type;
    int created = 0;

    Store(String type) {
      this.type = type;
    }

    @Override
    public Class<? extends IBaseResource> getResourceType() {
      return context.getResourceDefinition(type).getImplementingClass();
    }

    @Read
    public synchronized IBaseResource read(@IdParam IIdType id) {
      IBaseResource found = kept.get(id.getIdPart());
      if (found == null) {
        throw new ResourceNotFoundException(id);
      }
      return found;
    }

    @Create
    public synchronized MethodOutcome create(
        @ResourceParam IBaseResource given, @ConditionalUrlParam String condition) {
      if (condition != null) {
        String query =
            URLDecoder.decode(condition.substring(condition.indexOf('?') + 1), StandardCharsets.UTF_8);
        List<IBaseResource> found =
            matching(Map.of("identifier", query.replaceFirst("identifier=", "")));
        if (found.size() > 1) {
          throw new PreconditionFailedException("more than one " + type + " fits " + query);
        }
        if (!found.isEmpty()) {
          return new MethodOutcome(found.get(0).getIdElement(), false).setResource(found.get(0));
        }
      }
      return keep(given, "made" + ++created, true);
    }

    @Update
    public synchronized MethodOutcome update(@IdParam IIdType id, @ResourceParam IBaseResource given) {
      return keep(given, id.getIdPart(), !kept.containsKey(id.getIdPart()));
    }

    MethodOutcome keep(IBaseResource given, String id, boolean made) {
      given.setId(type + "/" + id);
      kept.put(id, given);
      return new MethodOutcome(given.getIdElement(), made).setResource(given);
    }

    @Search
    public synchronized List<IBaseResource> search(
        @OptionalParam(name = "_id") TokenParam id,
        @OptionalParam(name = "identifier") TokenParam identifier,
        @OptionalParam(name = "patient") ReferenceParam patient,
        @OptionalParam(name = "modality") TokenParam modality,
        @OptionalParam(name = "series") TokenParam series,
        @IncludeParam Set<Include> includes) {
      Map<String, String> wanted = new LinkedHashMap<>();
      if (id != null) wanted.put("_id", id.getValue());
      if (identifier != null) wanted.put("identifier", identifier.getValueAsQueryToken());
      if (patient != null) wanted.put("patient", patient.getIdPart());
      if (modality != null) wanted.put("modality", modality.getValue());
      if (series != null) wanted.put("series", series.getValue());
      List<IBaseResource> found = matching(wanted);
      for (IBaseResource one : found) {
        for (Include include : includes == null ? Set.<Include>of() : includes) {
          String path = Map.of("basedon", "basedOn", "patient", "subject")
              .getOrDefault(include.getParamName(), include.getParamName());
          for (IBase value : context.newTerser().getValues(one, type + "." + path)) {
            resolve((IBaseReference) value);
          }
        }
      }
      return found;
    }

    void resolve(IBaseReference reference) {
      IIdType id = reference.getReferenceElement();
      Store store = STORES.get(id.getResourceType());
      if (store != null && store.kept.containsKey(id.getIdPart())) {
        reference.setResource(store.kept.get(id.getIdPart()));
      }
    }

    List<IBaseResource> matching(Map<String, String> wanted) {
      List<IBaseResource> found = new ArrayList<>();
      for (IBaseResource one : kept.values()) {
        boolean fits = true;
        for (Map.Entry<String, String> want : wanted.entrySet()) {
          fits &= fits(one, want.getKey(), want.getValue());
        }
        if (fits) {
          found.add(context.newTerser().clone(one));
        }
      }
      return found;
    }

    boolean fits(IBaseResource one, String parameter, String value) {
      switch (parameter) {
        case "_id":
          return one.getIdElement().getIdPart().equals(value);
        case "identifier":
          List<String> systems = texts(one, "identifier.system"), values = texts(one, "identifier.value");
          int bar = value.indexOf('|');
          return values.contains(value.substring(bar + 1))
              && (bar < 1 || systems.contains(value.substring(0, bar)));
        case "patient":
          return texts(one, "subject.reference").stream().anyMatch(text -> text.endsWith("/" + value));
        case "series":
          return texts(one, "series.uid").contains(value);
        default:
          String coded = context.getVersion().getVersion().toString().equals("R5") ? ".coding" : "";
          return texts(one, "modality" + coded + ".code").contains(value)
              || texts(one, "series.modality" + coded + ".code").contains(value);
      }
    }

    List<String> texts(IBaseResource one, String path) {
      List<String> found = new ArrayList<>();
      for (IBase value : context.newTerser().getValues(one, type + "." + path)) {
        found.add(((IPrimitiveType<?>) value).getValueAsString());
      }
      return found;
    }
  }
}
