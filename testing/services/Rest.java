import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Iceberg's reference REST adapter over JDBC catalogs, on loopback only: java Rest PORT KEY=VALUE ...
 *
 * <p>The first part of the path names a catalog, made when it is first asked for; '{}' in a value
 * stands for that name. So each test has a catalog of its own, and all of them one process.
 */
class Rest extends HttpServlet {
  private final Map<String, String> properties;
  private final Map<String, RESTCatalogServlet> catalogs = new ConcurrentHashMap<>();

  Rest(Map<String, String> properties) {
    this.properties = properties;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws java.io.IOException, jakarta.servlet.ServletException {
    String uri = request.getRequestURI();
    int end = uri.indexOf('/', 1);
    String name = end < 0 ? "" : uri.substring(1, end);
    if (!name.matches("[a-z0-9_-]+")) {
      response.sendError(404);
      return;
    }
    catalogs.computeIfAbsent(name, this::open).service(
        new HttpServletRequestWrapper(request) {
          @Override
          public String getRequestURI() {
            return uri.substring(end);
          }
        },
        response);
  }

  private RESTCatalogServlet open(String name) {
    Map<String, String> own = new HashMap<>();
    properties.forEach((key, value) -> own.put(key, value.replace("{}", name)));
    JdbcCatalog catalog = new JdbcCatalog();
    catalog.setConf(new org.apache.hadoop.conf.Configuration());
    catalog.initialize("floe", own);
    return new RESTCatalogServlet(new RESTCatalogAdapter(catalog));
  }

  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties = new HashMap<>();
    for (int i = 1; i < arguments.length; i++) {
      String[] pair = arguments[i].split("=", 2);
      properties.put(pair[0], pair[1]);
    }
    Server server = new Server();
    HttpConfiguration http = new HttpConfiguration();
    http.setUriCompliance(UriCompliance.UNSAFE); // names of namespaces and tables may hold anything
    ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
    connector.setHost("127.0.0.1");
    connector.setPort(Integer.parseInt(arguments[0]));
    server.addConnector(connector);
    ServletContextHandler root = new ServletContextHandler();
    root.getServletHandler().setDecodeAmbiguousURIs(true);
    root.addServlet(new ServletHolder(new Rest(properties)), "/*");
    server.setHandler(root);
    server.start();
    System.out.println("ready");
    server.join();
  }
}
